// A unified diff as people read it: a heading a file, line numbers, calm colours.
import { useMemo } from "preact/hooks";
import "./diff.css";

interface Row {
  kind: "" | "add" | "del" | "at";
  before: number | null;
  after: number | null;
  text: string;
}

interface FileDiff {
  path: string;
  rows: Row[];
  added: number;
  removed: number;
}

/** The files of a git or plain unified diff, with line numbers of both sides. */
export function parsed(text: string): FileDiff[] {
  const files: FileDiff[] = [];
  let [before, after] = [0, 0];
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  lines.forEach((line, n) => {
    const begins = line.startsWith("diff --git ") || (line.startsWith("--- ") && lines[n + 1]?.startsWith("+++ ") && !lines[n - 1]?.match(/^(diff|index|similarity|new file|deleted file|old mode|new mode|rename|copy)/));
    if (begins) files.push({ path: line.startsWith("diff") ? line.slice(line.lastIndexOf(" b/") + 3) : line.slice(4), rows: [], added: 0, removed: 0 });
    const file = files.at(-1);
    if (!file || begins) return;
    const head = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@(.*)$/.exec(line);
    if (head) {
      [before, after] = [Number(head[1]), Number(head[2])];
      file.rows.push({ kind: "at", before: null, after: null, text: head[3]?.trim() ?? "" });
    } else if (!file.rows.length) {
      if (/^(new|deleted) file|^rename|^Binary/.test(line)) file.rows.push({ kind: "at", before: null, after: null, text: line });
    } else if (line.startsWith("+")) {
      file.added++;
      file.rows.push({ kind: "add", before: null, after: after++, text: line.slice(1) });
    } else if (line.startsWith("-")) {
      file.removed++;
      file.rows.push({ kind: "del", before: before++, after: null, text: line.slice(1) });
    } else if (!line.startsWith("\\")) file.rows.push({ kind: "", before: before++, after: after++, text: line.slice(1) });
  });
  return files;
}

const COMMENT = /^(.*?)(\s*(?:#|\/\/).*)$/;

function Text({ text }: { text: string }) {
  const parts = COMMENT.exec(text);
  const safe = parts && (parts[1]!.match(/["']/g)?.length ?? 0) % 2 === 0 ? parts : null;
  return <>{safe ? <>{safe[1]}<i>{safe[2]}</i></> : text || " "}</>;
}

const ROWS = 2000;

export function Diff({ text, label }: { text: string; label: string }) {
  const files = useMemo(() => parsed(text), [text]);
  return (
    <div class="filediffs" role="group" aria-label={label}>
      {files.map((file, n) => (
        <details key={`${file.path}${n}`} class="filediff" open={file.rows.length < 400}>
          <summary><code class="cut">{file.path}</code><span class="good">+{file.added}</span><span class="bad">−{file.removed}</span></summary>
          <div class="code" tabIndex={0} role="region" aria-label={`Changes of ${file.path}`}>
            <table>
              <tbody>
                {file.rows.slice(0, ROWS).map((row, i) => row.kind === "at"
                  ? <tr key={i} class="at"><td colSpan={3}>{row.text || "⋯"}</td></tr>
                  : <tr key={i} class={row.kind}><td class="n">{row.before ?? ""}</td><td class="n">{row.after ?? ""}</td><td class="t"><span class="mark">{row.kind === "add" ? "+" : row.kind === "del" ? "−" : " "}</span><Text text={row.text} /></td></tr>)}
              </tbody>
            </table>
            {file.rows.length > ROWS ? <p class="tablenote">The first {ROWS.toLocaleString("en-US")} lines of {file.rows.length.toLocaleString("en-US")}.</p> : null}
          </div>
        </details>
      ))}
    </div>
  );
}
