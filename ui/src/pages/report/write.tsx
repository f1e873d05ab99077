// Writing a report: the text at the left, what it will look like at the right.
import { useEffect, useRef, useState } from "preact/hooks";
import { call, Problem } from "../../kit/api";
import { toast } from "../../kit/dialog";
import { Head } from "../../kit/page";
import { Pop } from "../../kit/parts";
import { go } from "../../kit/router";
import { Block } from "../../nouns/panel";
import type { ReportBlock, ReportDetail, ReportPreview } from "../../wire";

const PANELS: [string, object][] = [
  ["Curves of a metric", { runs: "state = 'finished'", metric: "loss", limit: 5 }],
  ["Table of runs", { runs: "", show: "runs", columns: ["state", "metrics.loss", "params.lr"], order: "metrics.loss" }],
  ["Params that differ", { runs: "", show: "params", limit: 5 }],
  ["Images and other media", { runs: "", media: "samples", limit: 3 }],
];
const PAUSE = 400;

export function Write({ name, text, expect }: { name: string; text: string; expect: number }) {
  const [draft, setDraft] = useState(text);
  const [blocks, setBlocks] = useState<ReportBlock[]>([]);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const began = useRef(expect); // what was read when the writing began; a newer one is somebody else's
  useEffect(() => {
    const stop = new AbortController();
    const timer = window.setTimeout(() => {
      call<ReportPreview>("POST", "/reports/preview", { text: draft }, stop.signal).then((answer) => setBlocks(answer.blocks), () => undefined);
    }, PAUSE);
    return () => {
      window.clearTimeout(timer);
      stop.abort();
    };
  }, [draft]);
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => draft !== text && event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [draft, text]);
  const at = `/reports/${encodeURIComponent(name)}`;
  const save = async () => {
    setBusy(true);
    try {
      const kept = await call<ReportDetail>("PUT", at, { text: draft, expect: began.current });
      toast(`Saved as version ${kept.report.version}.`);
      go(at, { replace: true });
    } catch (error) {
      setProblem((error as Problem).message);
      setBusy(false);
    }
  };
  const put = (panel: object) => {
    const box = field.current!;
    const [from, to] = [box.selectionStart, box.selectionEnd];
    const block = `${from && draft[from - 1] !== "\n" ? "\n" : ""}\n\`\`\`tenfold\n${JSON.stringify(panel, null, 2)}\n\`\`\`\n`;
    setDraft(draft.slice(0, from) + block + draft.slice(to));
    queueMicrotask(() => box.focus());
  };
  return (
    <>
      <Head title={`Write ${name}`} actions={
        <>
          <Pop label="Put in a panel" title="Put in" glyph="plus">{(close) => <>{PANELS.map(([title, panel]) => <button key={title} type="button" class="choice" onClick={() => { close(); put(panel); }}>{title}</button>)}</>}</Pop>
          <a class="button" href={expect ? at : "/reports"}>Cancel</a>
          <button type="button" class="button main" disabled={busy || (draft === text && expect > 0)} onClick={() => void save()}>Save</button>
        </>
      }>
        <span>Markdown; blocks fenced as <code>tenfold</code> hold panels. Ctrl Enter saves.</span>
      </Head>
      {problem ? <p class="problem" role="alert">{problem}</p> : null}
      <div class="write">
        <textarea ref={field} class="input mono" aria-label="Text of the report" value={draft} spellcheck={true} onInput={(event) => setDraft(event.currentTarget.value)}
          onKeyDown={(event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void save(); }} />
        <article class="report" aria-label="Preview" tabIndex={0} role="region">{blocks.map((block, i) => <Block key={i} block={block} />)}</article>
      </div>
    </>
  );
}
