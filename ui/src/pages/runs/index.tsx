// The table of runs: search language, columns, sort, live, bulk actions; its rows are read as they come into sight.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { useResource, withQuery } from "../../kit/api";
import { toast } from "../../kit/dialog";
import { count } from "../../kit/format";
import { Head, Loading, usePage } from "../../kit/page";
import { Empty, Failed, Pop } from "../../kit/parts";
import { go, setQuery, useQuery } from "../../kit/router";
import { Table } from "../../kit/table";
import { QueryField } from "../../nouns/query";
import { columnOf } from "../../nouns/runs";
import type { ProjectList, RunFilter, RunKeys, RunRow, ViewList } from "../../wire";
import { ActBar, actOn, type Selection } from "./acting";
import { ChooseColumns, type Chosen, keptColumns, moved, readColumns, usualColumns, valueIn, writeColumns } from "./columns";
import { useRows } from "./rows";

const KINDS = ["training", "pipeline", "step", "trial", "evaluation", "check", "deployment", "commit"];
const COMPARED = 500;

export default function RunsPage() {
  const [project] = useQuery("project");
  const [kind] = useQuery("kind");
  const [q, setQ] = useQuery("q");
  const [order, setOrder] = useQuery("order");
  const [cols] = useQuery("columns");
  const [bin] = useQuery("bin");
  const [inside] = useQuery("inside");
  const [archived] = useQuery("archived");
  const [varied] = useQuery("varied");
  const outer = !inside && !kind && !q && !bin;
  const [chosen, setChosen] = useState<Set<string>>(new Set());
  const [everything, setEverything] = useState(false);
  usePage(...(project ? [{ title: "Projects", href: "/projects" }, { title: project }] : [{ title: "Runs" }]));
  const keys = useResource<RunKeys>(withQuery("/runs/keys", { project, kind }));
  const kept = useResource<ViewList>(project ? withQuery("/views", { project }) : null, (event) => event.topic === "version");
  const projects = useResource<ProjectList>("/projects");
  const known = (keys.data || keys.problem) && (!project || kept.data || kept.problem);
  const shown = useMemo( // what every run has is asked for at once; which metrics and params there are is known a little later
    (): Chosen[] => (cols ? readColumns(cols) : known ? keptColumns(kept.data) ?? usualColumns(keys.data, project, kind) : usualColumns(undefined, project, kind)), [cols, known, kept.data, keys.data, project, kind]);
  const asked = ["name", ...shown.map((one) => one.key)].join();
  const filter: RunFilter = { q, project: project ? [project] : [], kind: kind ? [kind] : [], state: [], parent: outer ? "none" : null, archived: bin || /\barchived\b/.test(q) ? null : archived !== "" };
  const search = { project, kind, q, parent: outer ? "none" : "", deleted: bin ? "true" : "", archived: filter.archived === null ? "" : String(filter.archived) };
  const settled = !q && (!order || order === "-started_at_ms");
  const runs = useRows(withQuery("", { ...search, order, columns: asked }).slice(1), asked, project, settled);
  const columns = useMemo(() => {
    const rows = runs.rows.flatMap((row) => row ?? []);
    const says = (key: string) => {
      if (!rows.length || !key.includes(".")) return true;
      if (varied) return rows.length < 2 || new Set(rows.map((row) => JSON.stringify(valueIn(row, key) ?? null))).size > 1;
      return cols !== "" || rows.some((row) => valueIn(row, key) !== undefined);
    };
    return [{ key: "name", pinned: true }, ...shown.filter((one) => says(one.key))].flatMap(({ key, pinned }) => {
      const column = columnOf(key, { star: (run) => void star(run) });
      return column ? [{ ...column, pinned }] : [];
    });
  }, [shown, cols, varied, runs.rows]);

  useEffect(() => { setChosen(new Set()); setEverything(false); }, [project, kind, bin, archived, q]);
  const star = async (run: RunRow) => {
    try {
      await actOn({ ids: [run.id], all: null }, run.starred ? "unstar" : "star");
    } catch (error) {
      toast((error as Error).message, "bad");
    }
  };
  const selection: Selection = { ids: [...chosen], all: everything ? { filter, total: runs.total, atLeast: runs.atLeast } : null };
  const compare = () => {
    if (chosen.size < 2) toast("Select two runs or more to compare: x on a row, or its box.", "bad");
    else if (chosen.size > COMPARED) toast(`At most ${COMPARED} runs are compared at once.`, "bad");
    else go(`/compare?runs=${[...chosen].join()}`);
  };
  const choose = (next: Set<string>) => { setChosen(next); setEverything(false); };
  const done = () => { choose(new Set()); runs.reload(); };
  const exporting = (format: string, columns?: string) => `/api/v1/runs/export?${withQuery("", { ...search, order, columns, format }).slice(1)}`;
  const exported = asked.split(",").map((key) => key.replace(/^best\.(.+)$/s, (_, name: string) => `metrics.${name}`)).join();
  const saves = (
    <>
      <a class="choice" href={exporting("csv", exported)} download>These columns as CSV</a>
      <a class="choice" href={exporting("json", exported)} download>These columns as JSON</a>
      <a class="choice" href={exporting("csv")} download>All columns as CSV</a>
    </>
  );
  const narrowed = Boolean(q || kind || project || bin || archived);
  const bad = runs.problem !== null && runs.problem.status === 400;
  if (runs.total === 0 && !narrowed && !runs.loading) {
    return <Empty page title="No runs yet" lines={`import tenfold\n\nwith tenfold.run("my-project", params={"lr": 0.1}) as run:\n    for step in range(100):\n        run.log({"loss": 1 / (step + 1)}, step=step)`}>Everything that executes is a run: a training, a pipeline and its steps, a check, a deployment. Archived and deleted runs are found <a href="/runs?archived=1">in the archive</a> and <a href="/runs?bin=1">in the bin</a>.</Empty>;
  }
  return (
    <>
      <Head title={bin ? "Bin" : archived ? `Archive${project ? ` of ${project}` : ""}` : project || "Runs"} actions={chosen.size ? null : <button type="button" class="button" disabled title="Select runs first: x on a row, or its box">Compare</button>}>
        <span>{runs.total < 0 ? " " : runs.atLeast ? `${runs.total.toLocaleString("en-US")}+ runs` : count(runs.total, "run")}</span>
        {outer ? <span>without steps, trials and other runs inside a run (<a href={withQuery("/runs", { project, inside: 1, archived })}>show them too</a>)</span> : null}
      </Head>
      <div class="toolbar">
        <QueryField value={q} set={(text) => setQ(text)} keys={keys.data} problem={bad ? runs.problem : null} />
        <select class="input" aria-label="Project" value={project} onChange={(event) => setQuery({ project: event.currentTarget.value, columns: null }, { push: true })}>
          <option value="">All projects</option>
          {[...new Set([...(projects.data?.items.map((one) => one.name) ?? []), ...(project ? [project] : [])])].map((name) => <option key={name} value={name}>{name}</option>)}
        </select>
        <select class="input" aria-label="Kind" value={kind} onChange={(event) => setQuery({ kind: event.currentTarget.value, columns: null })}>
          <option value="">All kinds</option>
          {KINDS.map((name) => <option key={name} value={name}>{name}</option>)}
        </select>
        <Pop label="Choose columns" glyph="columns" title="Columns">{() => <ChooseColumns keys={keys.data} shown={shown} project={project} />}</Pop>
        <button type="button" class="button" aria-pressed={varied !== ""} title="Hide params, metrics and tags that are the same in all rows" onClick={() => setQuery({ varied: varied ? null : "1" })}>Only what differs</button>
        <Pop label="Save as a file" glyph="download">{() => saves}</Pop>
        <Pop label="More" glyph="more" bare>
          {(close) => (
            <>
              <button type="button" class="choice" onClick={() => { setQuery({ q: q === "starred = true" ? null : "starred = true" }); close(); }}>{q === "starred = true" ? "Show all runs" : "Show starred runs"}</button>
              <button type="button" class="choice" onClick={() => { setQuery({ inside: inside ? null : "1" }); close(); }}>{inside ? "Only outermost runs" : "Also runs inside runs"}</button>
              <button type="button" class="choice" onClick={() => { setQuery({ archived: archived ? null : "1", bin: null }); close(); }}>{archived ? "Leave the archive" : "Show the archive"}</button>
              <button type="button" class="choice" onClick={() => { setQuery({ bin: bin ? null : "1", archived: null }); close(); }}>{bin ? "Show the runs" : "Show the bin"}</button>
            </>
          )}
        </Pop>
      </div>
      {chosen.size ? (
        <ActBar selection={selection} bin={bin !== ""} archived={archived !== ""} total={runs.total} atLeast={runs.atLeast} saves={saves} clear={() => choose(new Set())} done={done} compare={compare}
          takeAll={!everything && chosen.size < runs.total ? () => setEverything(true) : null} />
      ) : null}
      {bad ? <p class="problem" role="alert">{runs.problem!.message}</p> : runs.problem ? <Failed problem={runs.problem} again={runs.reload} /> : null}
      {runs.total < 0 && !runs.problem ? <Loading /> : null}
      {runs.total === 0 ? <Empty title={bin ? "The bin is empty" : archived ? "The archive is empty" : "No run matches"}>{bin ? "Deleted runs stay here until they are removed for good." : archived ? "Archived runs are left out of the table and stay searchable." : "Change the search, or take the filters away."}</Empty> : null}
      {runs.total > 0 ? (
        <FillTable><Table fill label="Runs" rows={runs.rows} columns={columns} id={(run) => run.id} order={order || "-started_at_ms"} setOrder={setOrder} chosen={chosen} setChosen={choose} compare={compare} stale={runs.stale} seen={runs.seen} move={(key, to) => setQuery({ columns: writeColumns(moved(shown, key, to)) })} /></FillTable>
      ) : null}
    </>
  );
}

/** Lets the table take the height that is left. */
function FillTable({ children }: { children: preact.ComponentChildren }) {
  const mark = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const page = mark.current?.closest(".page");
    page?.classList.add("fills");
    return () => page?.classList.remove("fills");
  }, []);
  return <div class="fill" ref={mark} style={{ display: "grid", gridTemplateRows: "minmax(0, 1fr)" }}>{children}</div>;
}
