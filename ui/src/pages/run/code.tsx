// Which code ran: commit, how it was started, the uncommitted diff.
import { useResource } from "../../kit/api";
import { Section } from "../../kit/page";
import { Copy, Empty, Facts } from "../../kit/parts";
import type { PatchText, RunDetail } from "../../wire";

export function Code({ detail }: { detail: RunDetail }) {
  const code = detail.code;
  const patch = useResource<PatchText>(code?.has_patch ? `/runs/${detail.run.id}/patch` : null);
  if (!code) return <Empty title="No code was captured">Runs started inside a git repository keep their commit, the uncommitted diff and how they were started.</Empty>;
  return (
    <>
      <Facts rows={[
        ["Commit", code.commit ? <span class="row"><code class="cut">{code.commit}</code><Copy text={code.commit} label="Copy the commit" /></span> : null], ["Branch", code.branch], ["Remote", code.remote],
        ["Started as", code.entry_point ? <code>{[code.entry_point, ...code.arguments].join(" ")}</code> : null], ["Code digest", code.digest ? <code>{code.digest.slice(0, 16)}</code> : null],
        ["Uncommitted", code.dirty ? "yes" : code.commit ? "no, all was committed" : null],
      ]} />
      {patch.data?.text ? <Section title="Uncommitted changes" tools={<Copy text={patch.data.text} label="Copy the patch" />}><Diff text={patch.data.text} />{patch.data.truncated ? <p class="tablenote">Only the first part is shown.</p> : null}</Section> : null}
    </>
  );
}

function Diff({ text }: { text: string }) {
  const kind = (line: string) => (/^(diff |index |\+\+\+|---)/.test(line) ? "file" : line.startsWith("+") ? "add" : line.startsWith("-") ? "del" : line.startsWith("@@") ? "at" : "");
  return <div class="diff" tabIndex={0} role="region" aria-label="Uncommitted changes">{text.split("\n").map((line, i) => <div key={i} class={kind(line)}>{line || " "}</div>)}</div>;
}
