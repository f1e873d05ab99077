// What differs between two versions: the files, and the one chosen side by side.
import { useResource, withQuery } from "../../kit/api";
import { Filter } from "../../kit/filter";
import { bytes } from "../../kit/format";
import { Loading } from "../../kit/page";
import { Failed } from "../../kit/parts";
import { setQuery, useQuery } from "../../kit/router";
import { Table, type Column } from "../../kit/table";
import type { FileChange, FileDiff, VersionRow } from "../../wire";
import { Pair } from "./pair";

const SIGN = { added: "+", removed: "−", changed: "~" } as const;
const TONE = { added: "good", removed: "bad", changed: "" } as const;

export function Changes({ base, number, before, versions }: { base: string; number: number; before: number | undefined; versions: VersionRow[] }) {
  const [from] = useQuery("from");
  const [find, setFind] = useQuery("find");
  const [path] = useQuery("path");
  const a = Number(from) || before || versions.find((one) => one.number < number)?.number;
  const diff = useResource<FileDiff>(a ? withQuery(`${base}/diff`, { a: `v${a}`, b: `v${number}`, find }) : null);
  if (!a) return <p class="soft">This is the first version: there is nothing to compare it with.</p>;
  const data = diff.data;
  const at = (file: FileChange) => `${base}?${new URLSearchParams({ version: String(number), tab: "changes", from: String(a), ...(find ? { find } : {}), path: file.path })}`;
  const chosen = data?.files.find((file) => file.path === path) ?? (path ? undefined : data?.files.find((file) => file.before_rows !== null && file.after_rows !== null) ?? data?.files[0]);
  const columns: Column<FileChange>[] = [
    { key: "path", title: "Path", cell: (file) => <span class="row"><b class={`sign ${TONE[file.change]}`} aria-label={file.change} title={file.change}>{SIGN[file.change]}</b><a class="cut mono" href={at(file)} title={file.path}>{file.path}</a></span> },
    { key: "rows", title: "Rows", width: 150, numeric: true, cell: (file) => span(file.before_rows, file.after_rows, (n) => n.toLocaleString("en-US")) },
    { key: "size", title: "Size", width: 180, numeric: true, cell: (file) => span(file.before_bytes, file.after_bytes, bytes) },
  ];
  return (
    <>
      <div class="row wrap compared">
        <label class="row"><span class="soft">From</span>
          <select class="input" value={a} onChange={(event) => setQuery({ from: event.currentTarget.value, path: null })}>{versions.filter((one) => one.number !== number).map((one) => <option key={one.id} value={one.number}>v{one.number}{one.refs.length ? ` (${one.refs.join(", ")})` : ""}</option>)}</select>
        </label>
        <span class="soft">to v{number}</span>
        {data ? <span><span class="good">{data.added.toLocaleString("en-US")} added</span>, {data.changed.toLocaleString("en-US")} changed, <span class="bad">{data.removed.toLocaleString("en-US")} removed</span></span> : null}
        <span class="grow" />
        {data && (find || data.files.length > 8) ? <span class="toolbar bare"><Filter lazy label="Find paths" value={find} set={(text) => setFind(text || null)} /></span> : null}
      </div>
      {diff.problem ? <Failed problem={diff.problem} /> : data ? (
        data.files.length ? (
          <>
            <div class="changed"><Table fill label="Changed files" stale={diff.stale} rows={data.files} id={(file) => file.path} current={chosen?.path} columns={columns} /></div>
            {data.files.length >= 1000 ? <p class="tablenote">The first 1,000 paths; find the others by name.</p> : null}
            {chosen ? <Pair key={chosen.path} base={base} a={`v${a}`} b={`v${number}`} path={chosen.path} /> : null}
          </>
        ) : <p class="soft">{find ? "No changed path holds this." : "The same files."}</p>
      ) : <Loading />}
    </>
  );
}

/** "3 → 4", "3" when nothing changed, one side with a sign when the other has no such file. */
function span(before: number | null, after: number | null, text: (n: number) => string) {
  if (before === null && after === null) return <span class="faint">–</span>;
  if (before === null) return <span class="good">{text(after!)}</span>;
  if (after === null) return <span class="bad">{text(before)}</span>;
  return before === after ? <span>{text(after)}</span> : <span>{text(before)} <span class="faint">→</span> {text(after)}</span>;
}
