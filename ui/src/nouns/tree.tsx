// The files of a version as a tree: folders are asked for when opened, 200 names at a time, and only rows in sight are drawn.
import "./tree.css";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { API, get, withQuery, type Problem } from "../kit/api";
import { Preview } from "../kit/files";
import { Filter } from "../kit/filter";
import { bytes, count } from "../kit/format";
import { Glyph } from "../kit/glyphs";
import { Copy, Failed, Facts } from "../kit/parts";
import type { FileList, FileRow } from "../wire";

const ROW = 26;
const PAGE = 200;
const OVER = 10;

/** What is known of a folder: how much lies in it, and the rows fetched so far. */
interface Known {
  total: number;
  rows: Map<number, FileRow>;
  asked: Set<number>;
}

/** Rows that follow one another in one folder. */
interface Stretch {
  folder: string;
  depth: number;
  first: number;
  count: number;
  at: number;
}

interface Shown {
  folder: string;
  depth: number;
  index: number;
  row: FileRow | undefined;
}

const NO_ROWS = 1; // a folder that is being opened has one empty row

function stretches(known: Map<string, Known>, open: Set<string>): [Stretch[], number] {
  const found: Stretch[] = [];
  let at = 0;
  const visit = (folder: string, depth: number) => {
    const here = known.get(folder);
    const total = here ? here.total : NO_ROWS;
    let first = 0;
    const opened = here ? [...here.rows].filter(([, row]) => row.kind === "folder" && open.has(row.path)).sort((a, b) => a[0] - b[0]) : [];
    for (const [index, row] of opened) {
      found.push({ folder, depth, first, count: index + 1 - first, at });
      at += index + 1 - first;
      first = index + 1;
      visit(row.path, depth + 1);
    }
    if (total > first) {
      found.push({ folder, depth, first, count: total - first, at });
      at += total - first;
    }
  };
  visit("", 0);
  return [found, at];
}

function rowAt(list: Stretch[], known: Map<string, Known>, at: number): Shown | undefined {
  let [low, high] = [0, list.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (list[middle]!.at <= at) low = middle;
    else high = middle - 1;
  }
  const stretch = list[low];
  if (!stretch || at >= stretch.at + stretch.count) return undefined;
  const index = stretch.first + at - stretch.at;
  return { folder: stretch.folder, depth: stretch.depth, index, row: known.get(stretch.folder)?.rows.get(index) };
}

export function FileTree({ version, path, setPath }: { version: string; path: string; setPath: (path: string | null) => void }) {
  const [find, setFind] = useState("");
  return (
    <div class="split wide">
      <div>
        <div class="treehead"><Filter lazy label="Find names in the top folder" hint="Find names, Enter" value={find} set={setFind} /></div>
        <Tree key={`${version} ${find}`} version={version} find={find} path={path} setPath={setPath} />
      </div>
      <Chosen version={version} path={path} />
    </div>
  );
}

function Tree({ version, find, path, setPath }: { version: string; find: string; path: string; setPath: (path: string | null) => void }) {
  const known = useRef(new Map<string, Known>());
  const [open, setOpen] = useState(() => new Set(above(path)));
  const [problem, setProblem] = useState<Problem | null>(null);
  const [turn, setTurn] = useState(0);
  const [cursor, setCursor] = useState(0);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(400);
  const box = useRef<HTMLDivElement>(null);
  const [list, total] = useMemo(() => stretches(known.current, open), [open, turn]);

  const ask = (folder: string, page: number) => {
    const here = known.current.get(folder) ?? { total: NO_ROWS, rows: new Map<number, FileRow>(), asked: new Set<number>() };
    known.current.set(folder, here);
    if (here.asked.has(page)) return;
    here.asked.add(page);
    get<FileList>(withQuery(`/versions/${version}/files`, { under: folder, find: folder ? undefined : find, offset: page * PAGE || undefined, limit: PAGE }))
      .then((answer) => {
        here.total = answer.total;
        answer.items.forEach((row, i) => here.rows.set(page * PAGE + i, row));
        setTurn((n) => n + 1);
      })
      .catch((error: Problem) => {
        here.asked.delete(page);
        setProblem(error);
      });
  };
  const [first, last] = [Math.max(0, Math.floor(top / ROW) - OVER), Math.min(total, Math.ceil((top + height) / ROW) + OVER)];
  const shown: Shown[] = [];
  for (let at = first; at < last; at++) {
    const row = rowAt(list, known.current, at);
    if (row) shown.push(row);
  }
  useEffect(() => {
    if (!known.current.has("")) ask("", 0);
    if (shown.every((one) => one.row)) return;
    const rest = window.setTimeout(() => { // what one only scrolls past is not asked for
      for (const one of shown) if (!one.row) ask(one.folder, Math.floor(one.index / PAGE));
    }, 60);
    return () => window.clearTimeout(rest);
  });
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const watch = new ResizeObserver(() => setHeight(element.clientHeight));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  const root = known.current.get("");
  const started = useRef(Boolean(path));
  useEffect(() => {
    const one = root && [...root.rows.values()].find((row) => row.kind === "file");
    if (started.current || !one || find) return;
    started.current = true;
    setPath(one.path);
  }, [root?.rows.size]);

  const toggle = (row: FileRow, to = !open.has(row.path)) => {
    const next = new Set(open);
    if (to) next.add(row.path);
    else next.delete(row.path);
    setOpen(next);
    if (to) ask(row.path, 0);
  };
  const choose = (at: number, row: FileRow | undefined) => {
    setCursor(at);
    if (!row) return;
    if (row.kind === "folder") toggle(row);
    setPath(row.path + (row.kind === "folder" ? "/" : ""));
  };
  const move = (to: number) => {
    const at = Math.max(0, Math.min(total - 1, to));
    setCursor(at);
    const element = box.current;
    if (!element) return;
    if (at * ROW < element.scrollTop) element.scrollTop = at * ROW;
    else if ((at + 1) * ROW > element.scrollTop + element.clientHeight) element.scrollTop = (at + 1) * ROW - element.clientHeight;
  };
  const press = (event: KeyboardEvent) => {
    const here = rowAt(list, known.current, cursor);
    const pages = Math.max(1, Math.floor(height / ROW) - 1);
    const is_folder = here?.row?.kind === "folder";
    const acts: Record<string, () => void> = {
      ArrowDown: () => move(cursor + 1), ArrowUp: () => move(cursor - 1), j: () => move(cursor + 1), k: () => move(cursor - 1),
      Home: () => move(0), End: () => move(total - 1), PageDown: () => move(cursor + pages), PageUp: () => move(cursor - pages),
      Enter: () => choose(cursor, here?.row), " ": () => choose(cursor, here?.row),
      ArrowRight: () => (is_folder && !open.has(here!.row!.path) ? toggle(here!.row!, true) : move(cursor + 1)),
      ArrowLeft: () => (is_folder && open.has(here!.row!.path) ? toggle(here!.row!, false) : move(parentOf(list, known.current, cursor))),
    };
    const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : acts[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
  if (problem && !root?.rows.size) return <Failed problem={problem} />;
  if (root && root.asked.size && root.total === 0) return <p class="pad soft" style={{ padding: "12px" }}>{find ? "No name holds this." : "No files."}</p>;
  return (
    <div class="tree" role="tree" aria-label="Files" tabIndex={0} ref={box} aria-activedescendant={`file-${cursor}`} onKeyDown={press} onScroll={(event) => setTop(event.currentTarget.scrollTop)}>
      <div aria-hidden="true" style={{ height: `${total * ROW + 8}px` }} />
      {shown.map((one, i) => {
        const at = first + i;
        const row = one.row;
        const is_open = row !== undefined && row.kind === "folder" && open.has(row.path);
        return (
          <div key={`${one.folder}/${one.index}`} id={`file-${at}`} role="treeitem" class={at === cursor ? "cursor" : ""} aria-level={one.depth + 1} aria-posinset={one.index + 1} aria-setsize={known.current.get(one.folder)?.total ?? 1}
            aria-label={row ? undefined : "Loading"} aria-expanded={row?.kind === "folder" ? is_open : undefined} aria-selected={row !== undefined && (row.path === path || `${row.path}/` === path)}
            style={{ top: `${4 + at * ROW}px`, paddingLeft: `${6 + one.depth * 14}px` }} onClick={() => choose(at, row)}>
            {row ? (
              <>
                <span class="twist">{row.kind === "folder" ? <Glyph name={is_open ? "down" : "right"} size={12} /> : null}</span>
                <Glyph name={row.kind === "folder" ? "folder" : row.kind === "symlink" ? "lineage" : "file"} size={14} />
                <span class="cut" title={row.path}>{row.name}</span>
                <span class="size">{row.kind === "folder" ? count(row.files, "file") : bytes(row.size_bytes)}</span>
              </>
            ) : <span class="ghost" />}
          </div>
        );
      })}
    </div>
  );
}

/** A file's preview; a folder's sums and its download. */
function Chosen({ version, path }: { version: string; path: string }) {
  if (!path) return <div class="preview"><p class="pad soft">Choose a file. Arrow keys walk, Enter opens.</p></div>;
  if (!path.endsWith("/")) return <Preview key={path} version={version} path={path} />;
  return <Folder version={version} path={path.slice(0, -1)} />;
}

function Folder({ version, path }: { version: string; path: string }) {
  const [sums, setSums] = useState<FileRow | null>(null);
  const cut = path.lastIndexOf("/");
  useEffect(() => {
    const name = path.slice(cut + 1);
    let wanted = true;
    void get<FileList>(withQuery(`/versions/${version}/files`, { under: cut < 0 ? "" : path.slice(0, cut), find: name, limit: PAGE }))
      .then((answer) => wanted && setSums(answer.items.find((row) => row.path === path) ?? null))
      .catch(() => undefined);
    return () => void (wanted = false);
  }, [version, path]);
  return (
    <div class="preview">
      <header>
        <span class="cut mono grow" title={path}>{path}/</span>
        <Copy text={path} label="Copy the path" />
        <a class="button" href={archiveUrl(version, path)} download><Glyph name="download" size={14} />Download as ZIP</a>
      </header>
      <div class="pad">{sums ? <Facts rows={[["Files", sums.files.toLocaleString("en-US")], ["Size", bytes(sums.size_bytes)]]} /> : null}</div>
    </div>
  );
}

export const archiveUrl = (version: string, under = ""): string => withQuery(`${API}/versions/${version}/archive`, { under });

const above = (path: string): string[] => path.split("/").slice(0, -1).map((_, i, parts) => parts.slice(0, i + 1).join("/"));

/** The row of the folder that holds a row; the row itself at the top. */
function parentOf(list: Stretch[], known: Map<string, Known>, at: number): number {
  const depth = rowAt(list, known, at)?.depth ?? 0;
  for (let up = at - 1; depth && up >= 0; up--) if ((rowAt(list, known, up)?.depth ?? 0) < depth) return up;
  return at;
}
