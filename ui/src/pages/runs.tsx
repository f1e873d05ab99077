// The table of runs: search language, columns, sort, live; pages of it are read as they come into sight.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { call, get, Problem, useResource, withQuery } from "../kit/api";
import { toast } from "../kit/dialog";
import { Filter } from "../kit/filter";
import { count } from "../kit/format";
import { Glyph } from "../kit/glyphs";
import { follow } from "../kit/live";
import { Head, Loading, usePage } from "../kit/page";
import { Empty, Failed, Pop } from "../kit/parts";
import { go, setQuery, useQuery } from "../kit/router";
import { Table } from "../kit/table";
import { byWeight, columnOf, FIXED_COLUMNS } from "../nouns/runs";
import type { ProjectList, RunKeys, RunPage, RunRow } from "../wire";

const SIZE = 100;
const KINDS = ["training", "pipeline", "step", "trial", "evaluation", "check", "deployment", "commit"];

interface Runs {
  rows: (RunRow | undefined)[];
  total: number;
  problem: Problem | null;
  loading: boolean;
  stale: boolean;
  seen: (first: number, last: number) => void;
  reload: () => void;
}

/** All runs a query matches, of which the pages in sight are read, and read again when a run changes. */
function useRuns(query: string | null): Runs {
  const [state, setState] = useState<{ query: string | null; rows: (RunRow | undefined)[]; total: number; problem: Problem | null; loading: boolean }>({ query: "", rows: [], total: -1, problem: null, loading: true });
  const pages = useRef(new Set<number>());
  const sight = useRef<[number, number]>([0, 40]);
  const [turn, setTurn] = useState(0);
  const latest = useRef(query); // an answer to an older search is thrown away
  latest.current = query;

  const read = async (page: number, signal?: AbortSignal) => {
    pages.current.add(page);
    try {
      const answer = await get<RunPage>(`/runs?${query}&offset=${page * SIZE}&limit=${SIZE}`, signal);
      if (latest.current !== query) return;
      setState((old) => {
        const rows = old.query === query && old.rows.length === answer.total ? [...old.rows] : Array.from({ length: answer.total }, (_, i) => (old.query === query ? old.rows[i] : undefined));
        answer.items.forEach((row, i) => (rows[page * SIZE + i] = row));
        return { query, rows, total: answer.total, problem: null, loading: false };
      });
    } catch (error) {
      pages.current.delete(page);
      if ((error as Error).name !== "AbortError" && latest.current === query) setState((old) => ({ ...old, problem: error as Problem, loading: false }));
    }
  };
  useEffect(() => {
    if (query === null) return;
    const stop = new AbortController();
    pages.current.clear();
    setState((old) => ({ ...old, loading: true }));
    const [first, last] = [Math.floor(sight.current[0] / SIZE), Math.floor(sight.current[1] / SIZE)];
    for (let page = first; page <= last; page++) void read(page, stop.signal);
    return () => stop.abort();
  }, [query, turn]);
  useEffect(() => {
    let timer = 0;
    const stop = follow((event) => {
      if (!timer && (event.topic === "run" || event.topic === "series" || event.topic === "*")) timer = window.setTimeout(() => { timer = 0; setTurn((n) => n + 1); }, 800);
    });
    return () => {
      stop();
      window.clearTimeout(timer);
    };
  }, []);
  return {
    ...state,
    loading: state.loading,
    stale: state.query !== query && state.total >= 0,
    seen: (first, last) => {
      sight.current = [first, last];
      if (state.query !== query) return;
      for (let page = Math.floor(first / SIZE); page <= Math.floor(last / SIZE); page++) if (!pages.current.has(page) && page * SIZE < state.total) void read(page);
    },
    reload: () => setTurn((n) => n + 1),
  };
}

export default function RunsPage() {
  const [project] = useQuery("project");
  const [kind] = useQuery("kind");
  const [q, setQ] = useQuery("q");
  const [order, setOrder] = useQuery("order");
  const [cols] = useQuery("columns");
  const [bin] = useQuery("bin");
  const [inside] = useQuery("inside");
  const outer = !inside && !kind && !q && !bin;
  const [chosen, setChosen] = useState<Set<string>>(new Set());
  usePage(...(project ? [{ title: "Projects", href: "/projects" }, { title: project }] : [{ title: "Runs" }]));
  const keys = useResource<RunKeys>(withQuery("/runs/keys", { project, kind }));
  const projects = useResource<ProjectList>("/projects");
  const shown = useMemo(() => (cols ? cols.split(",") : usual(keys.data, project, kind)), [cols, keys.data, project, kind]);
  const ready = cols || keys.data || keys.problem; // which columns to ask for
  const runs = useRuns(!ready ? null : withQuery("", { project, kind, q, order, deleted: bin ? "true" : "", parent: outer ? "none" : "", columns: ["name", ...shown].join() }).slice(1));
  const columns = useMemo(() => {
    const rows = runs.rows.flatMap((row) => row ?? []);
    const filled = (key: string) => !rows.length || !key.includes(".") || rows.some((row) => has(row, key));
    return ["name", ...(cols ? shown : shown.filter(filled))].flatMap((key) => columnOf(key) ?? []);
  }, [shown, cols, runs.rows]);

  useEffect(() => setChosen(new Set()), [project, kind, bin]);
  const compare = () => {
    if (chosen.size < 2) toast("Select two runs or more to compare: x on a row, or its box.", "bad");
    else go(`/compare?runs=${[...chosen].slice(0, 24).join()}`);
  };
  const remove = async () => {
    const ids = [...chosen];
    try {
      await call("POST", bin ? "/runs/restore" : "/runs/delete", { ids });
      toast(`${count(ids.length, "run")} ${bin ? "restored" : "moved to the bin"}.`);
      setChosen(new Set());
      runs.reload();
    } catch (error) {
      toast((error as Error).message, "bad");
    }
  };
  const narrowed = Boolean(q || kind || project || bin);
  const bad = runs.problem !== null && runs.problem.status === 400;
  if (runs.total === 0 && !narrowed && !runs.loading) {
    return <Empty page title="No runs yet" lines={`import tenfold\n\nwith tenfold.run("my-project", params={"lr": 0.1}) as run:\n    for step in range(100):\n        run.log({"loss": 1 / (step + 1)}, step=step)`}>Everything that executes is a run: a training, a pipeline and its steps, a check, a deployment.</Empty>;
  }
  return (
    <>
      <Head title={bin ? "Bin" : project || "Runs"} actions={
        <>
          {chosen.size ? <span class="soft">{chosen.size} selected</span> : null}
          {chosen.size ? <button type="button" class="button" onClick={() => void remove()}>{bin ? "Restore" : "Delete"}</button> : null}
          <button type="button" class={`button${chosen.size > 1 ? " main" : ""}`} disabled={chosen.size < 2} onClick={compare}><Glyph name="compare" />Compare</button>
        </>
      }>
        <span>{runs.total < 0 ? " " : count(runs.total, "run")}</span>
        {outer ? <span>without steps, trials and other runs inside a run (<a href={withQuery("/runs", { project, inside: 1 })}>show them too</a>)</span> : null}
      </Head>
      <div class="toolbar">
        <Filter lazy code value={q} set={(text) => setQ(text)} label="Search runs" bad={bad} hint="params.lr < 0.1 and metrics.auc > 0.7" />
        <select class="input" aria-label="Project" value={project} onChange={(event) => setQuery({ project: event.currentTarget.value, columns: null }, { push: true })}>
          <option value="">All projects</option>
          {[...new Set([...(projects.data?.items.map((one) => one.name) ?? []), ...(project ? [project] : [])])].map((name) => <option key={name} value={name}>{name}</option>)}
        </select>
        <select class="input" aria-label="Kind" value={kind} onChange={(event) => setQuery({ kind: event.currentTarget.value, columns: null })}>
          <option value="">All kinds</option>
          {KINDS.map((name) => <option key={name} value={name}>{name}</option>)}
        </select>
        <Pop label="Choose columns" glyph="columns" title="Columns">{() => <Choose keys={keys.data} shown={shown} />}</Pop>
        <Pop label="More" glyph="more" bare>
          {(close) => (
            <>
              <button type="button" class="choice" onClick={() => { setQuery({ inside: inside ? null : "1" }); close(); }}>{inside ? "Only outermost runs" : "Also runs inside runs"}</button>
              <button type="button" class="choice" onClick={() => { setQuery({ bin: bin ? null : "1" }); close(); }}>{bin ? "Show the runs" : "Show the bin"}</button>
            </>
          )}
        </Pop>
      </div>
      {bad ? <p class="problem" role="alert">{runs.problem!.message}</p> : runs.problem ? <Failed problem={runs.problem} again={runs.reload} /> : null}
      {runs.total < 0 && !runs.problem ? <Loading /> : null}
      {runs.total === 0 ? <Empty title={bin ? "The bin is empty" : "No run matches"}>{bin ? "Deleted runs stay here until they are collected." : "Change the search, or take the filters away."}</Empty> : null}
      {runs.total > 0 ? (
        <FillTable><Table fill label="Runs" rows={runs.rows} columns={columns} id={(run) => run.id} order={order || "-started_at_ms"} setOrder={setOrder} chosen={chosen} setChosen={setChosen} compare={compare} stale={runs.stale} seen={runs.seen} /></FillTable>
      ) : null}
    </>
  );
}

/** Lets the table take the height that is left. */
function FillTable({ children }: { children: preact.ComponentChildren }) {
  const mark = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const page = mark.current?.closest(".page");
    page?.classList.add("fills");
    return () => page?.classList.remove("fills");
  }, []);
  return <div class="fill" ref={mark} style={{ display: "grid", gridTemplateRows: "minmax(0, 1fr)" }}>{children}</div>;
}

function has(run: RunRow, key: string): boolean {
  const name = key.slice(key.indexOf(".") + 1);
  return name in (key.startsWith("metrics.") ? run.metrics : key.startsWith("params.") ? run.params : run.tags);
}

/** Columns when nobody chose: what every run has, then a few metrics and params. */
function usual(keys: RunKeys | undefined, project: string, kind: string): string[] {
  const metrics = (keys?.metrics ?? []).filter((key) => !key.startsWith("system/")).sort(byWeight).slice(0, 4);
  const params = (keys?.params ?? []).slice(0, 4);
  return ["state", ...(project ? [] : ["project"]), ...(kind ? [] : ["kind"]), "started", "duration", ...metrics.map((key) => `metrics.${key}`), ...params.map((key) => `params.${key}`)];
}

function Choose({ keys, shown }: { keys: RunKeys | undefined; shown: string[] }) {
  const [text, setText] = useState("");
  const groups: [string, { key: string; title: string }[]][] = [
    ["Attributes", FIXED_COLUMNS.filter((one) => one.key !== "name")],
    ["Metrics", (keys?.metrics ?? []).map((key) => ({ key: `metrics.${key}`, title: key }))],
    ["Params", (keys?.params ?? []).map((key) => ({ key: `params.${key}`, title: key }))],
    ["Tags", (keys?.tags ?? []).map((key) => ({ key: `tags.${key}`, title: key }))],
  ];
  const toggle = (key: string) => setQuery({ columns: (shown.includes(key) ? shown.filter((one) => one !== key) : [...shown, key]).join() });
  return (
    <>
      <input class="input" type="text" aria-label="Find a column" placeholder="Find a column" value={text} onInput={(event) => setText(event.currentTarget.value)} />
      {groups.map(([title, items]) => {
        const found = items.filter((item) => item.title.toLowerCase().includes(text.toLowerCase())).slice(0, 200);
        return found.length ? (
          <div role="group" aria-label={title} key={title}>
            <div class="group">{title}</div>
            {found.map((item) => <label class="choice" key={item.key}><input type="checkbox" checked={shown.includes(item.key)} onChange={() => toggle(item.key)} /><span class="cut">{item.title}</span></label>)}
          </div>
        ) : null;
      })}
      <button type="button" class="choice" onClick={() => setQuery({ columns: null })}>Back to the usual columns</button>
    </>
  );
}
