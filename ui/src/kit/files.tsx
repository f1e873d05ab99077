// The files of a version: folders to walk through, and a preview of the one chosen.
import { useState } from "preact/hooks";
import type { FileList, Preview as PreviewOf, TablePreview } from "../wire";
import { useResource, withQuery } from "./api";
import { Bars } from "./bars";
import { bytes, count, value } from "./format";
import { Glyph } from "./glyphs";
import { Failed, Json } from "./parts";
import { Prose } from "./prose";

export function Files({ version, path, setPath }: { version: string; path: string; setPath: (path: string | null) => void }) {
  const [under, setUnder] = useState(path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "");
  const [offset, setOffset] = useState(0);
  const files = useResource<FileList>(withQuery(`/versions/${version}/files`, { under, offset, limit: 200 }));
  const enter = (folder: string) => {
    setOffset(0);
    setUnder(folder);
  };
  const items = files.data?.items ?? [];
  const shown = path || (items.length && !under && !offset ? (items.find((item) => item.kind === "file")?.path ?? "") : "");
  if (files.problem && !files.data) return <Failed problem={files.problem} again={files.reload} />;
  return (
    <div class="split">
      <div>
        <ul class={`filelist${files.stale ? " stale" : ""}`} aria-label="Files">
          {under ? <li><button type="button" onClick={() => enter(under.includes("/") ? under.slice(0, under.lastIndexOf("/")) : "")}><Glyph name="up" size={14} /><span class="cut">{under}/..</span></button></li> : null}
          {items.map((item) => (
            <li key={item.path}>
              <button type="button" aria-current={item.path === shown} onClick={() => (item.kind === "folder" ? enter(item.path) : setPath(item.path))}>
                <Glyph name={item.kind === "folder" ? "folder" : "file"} size={14} />
                <span class="cut" title={item.path}>{item.name}</span>
                <span class="size">{item.kind === "folder" ? count(item.files, "file") : bytes(item.size_bytes)}</span>
              </button>
            </li>
          ))}
        </ul>
        {files.data && (offset > 0 || files.data.next !== null) ? (
          <div class="row tablenote">
            <button type="button" class="button bare" disabled={!offset} onClick={() => setOffset(Math.max(0, offset - 200))}>Before</button>
            <span>{offset + 1}–{offset + items.length} of {files.data.total.toLocaleString("en-US")}</span>
            <button type="button" class="button bare" disabled={files.data.next === null} onClick={() => setOffset(files.data!.next!)}>Next</button>
          </div>
        ) : null}
      </div>
      {shown ? <Preview version={version} path={shown} /> : <div class="preview"><p class="pad soft">{files.data ? (items.length ? "Choose a file." : "No files.") : ""}</p></div>}
    </div>
  );
}

export function fileUrl(version: string, path: string, download = false): string {
  return withQuery(`/api/v1/versions/${version}/file`, { path, download: download || undefined });
}

export function Preview({ version, path }: { version: string; path: string }) {
  const [ask, setAsk] = useState({ find: "", order: "", offset: 0 });
  const preview = useResource<PreviewOf>(withQuery(`/versions/${version}/preview`, { path, find: ask.find, order: ask.order, offset: ask.offset || undefined }));
  const data = preview.data;
  return (
    <div class="preview" aria-busy={preview.loading}>
      <header>
        <span class="cut mono" title={path}>{path}</span>
        <span class="faint grow">{data ? bytes(data.size_bytes) : ""}</span>
        <a class="button bare icon" href={fileUrl(version, path, true)} download aria-label={`Download ${path}`} title="Download"><Glyph name="download" /></a>
      </header>
      <div class={`what${preview.stale ? " stale" : ""}`} tabIndex={0} role="region" aria-label={`Preview of ${path}`}>
        {preview.problem ? <Failed problem={preview.problem} /> : data ? <View of={data} ask={ask} setAsk={setAsk} /> : null}
      </div>
    </div>
  );
}

interface Ask {
  find: string;
  order: string;
  offset: number;
}

function View({ of, ask, setAsk }: { of: PreviewOf; ask: Ask; setAsk: (ask: Ask) => void }) {
  const note = of.note ? <p class="pad soft">{of.note}</p> : null;
  switch (of.view) {
    case "table":
      return of.table ? <><Rows table={of.table} path={of.path} ask={ask} setAsk={setAsk} />{note}</> : note;
    case "markdown":
      return <div class="pad"><Prose html={of.html ?? ""} />{of.truncated ? <p class="soft">Only the first part is shown.</p> : null}</div>;
    case "json":
      return <><div class="pad">{tree(of.text)}</div>{note}</>;
    case "text":
      return <><div class="text wraps">{of.text}{of.truncated ? "\n…" : ""}</div>{note}</>;
    case "image":
      return <div class="pad"><img src={of.url} alt={of.path} /></div>;
    case "html":
      return <iframe src={of.url} title={of.path} sandbox="allow-scripts" />;
    case "audio":
      return <div class="pad"><audio controls src={of.url} aria-label={of.path} /></div>;
    case "video":
      return <div class="pad"><video controls src={of.url} aria-label={of.path} style={{ maxWidth: "100%" }} /></div>;
    default:
      return note ?? <p class="pad soft">No preview for {of.media_type}. Download it to look inside.</p>;
  }
}

/** A page of a table's rows; the server filters and sorts them over the whole file. */
function Rows({ table, path, ask, setAsk }: { table: TablePreview; path: string; ask: Ask; setAsk: (ask: Ask) => void }) {
  const { offset, order } = ask;
  const last = offset + table.rows.length;
  const total = table.total_rows;
  return (
    <>
      <form class="tablefind" onSubmit={(event) => { event.preventDefault(); setAsk({ ...ask, find: new FormData(event.currentTarget).get("find")?.toString() ?? "", offset: 0 }); }}>
        <input class="input" name="find" type="text" aria-label={`Find rows of ${path}`} placeholder="Find rows, Enter" defaultValue={ask.find} />
        <span class="soft grow">{total !== null && total <= table.rows.length && !offset ? count(total, "row") : `rows ${(offset + (last > offset ? 1 : 0)).toLocaleString("en-US")} to ${last.toLocaleString("en-US")}${total === null ? "" : ` of ${total.toLocaleString("en-US")}`}`}</span>
        <button type="button" class="button bare" disabled={!offset} onClick={() => setAsk({ ...ask, offset: Math.max(0, offset - 100) })}>Before</button>
        <button type="button" class="button bare" disabled={total !== null ? last >= total : table.rows.length < 100} onClick={() => setAsk({ ...ask, offset: last })}>Next</button>
      </form>
      <table class="table auto">
        <thead><tr>{table.columns.map(({ name, type }) => (
          <th key={name} scope="col" title={type} class={numeric(type) ? "num" : ""} aria-sort={order === name ? "ascending" : order === `-${name}` ? "descending" : "none"}>
            <button type="button" title={`Sort by ${name}`} onClick={() => setAsk({ ...ask, order: order === name ? `-${name}` : order === `-${name}` ? "" : name, offset: 0 })}><span>{name} <span class="faint">{type.toLowerCase()}</span></span>{order === name || order === `-${name}` ? <Glyph name={order === name ? "up" : "down"} size={12} /> : null}</button>
          </th>
        ))}</tr></thead>
        <tbody>{table.rows.map((row, i) => <tr key={i}>{row.map((cell, c) => <td key={c} class={typeof cell === "number" ? "num" : ""}>{cell === null ? <span class="faint">null</span> : value(cell)}</td>)}</tr>)}</tbody>
      </table>
    </>
  );
}

/** A histogram, as `log_histogram` keeps it, is drawn; other JSON is a tree. */
function tree(text: string | null) {
  try {
    const parsed: unknown = JSON.parse(text ?? "null");
    const { counts, edges } = (parsed ?? {}) as { counts?: unknown; edges?: unknown };
    if (Array.isArray(counts) && Array.isArray(edges) && edges.length === counts.length + 1) return <><Bars counts={counts} edges={edges} label="Histogram" width={480} height={120} /><Json value={parsed} open={false} /></>;
    return <Json value={parsed} />;
  } catch {
    return <pre>{text}</pre>;
  }
}

const numeric = (type: string): boolean => /int|float|decimal|double/i.test(type);
