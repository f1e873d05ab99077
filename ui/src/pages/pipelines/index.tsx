// The pipelines: what ran, what comes next, what failed; and beside them schedules, pools, who is told, secrets.
import { useEffect, useMemo } from "preact/hooks";
import { useResource } from "../../kit/api";
import { Badge } from "../../kit/badge";
import { Filter } from "../../kit/filter";
import { ago, percent, when } from "../../kit/format";
import { Head, Loading, usePage } from "../../kit/page";
import { Ago, Empty, Failed, Panel, Tabs } from "../../kit/parts";
import { useQuery } from "../../kit/router";
import { sorted, Table, type Column } from "../../kit/table";
import { pageOfPipeline, pageOfPipelineRun, said, Strip } from "../../nouns/pipelines";
import { Schedules } from "../../nouns/schedules";
import type { PipelineList, PipelineRow } from "../../wire";
import { Notices, Secrets } from "./notices";
import { Pools } from "./pools";

const TABS = [{ id: "all", title: "Pipelines" }, { id: "schedules", title: "Schedules" }, { id: "pools", title: "Pools" }, { id: "notices", title: "Notifications" }, { id: "secrets", title: "Secrets" }];

const COLUMNS: Column<PipelineRow>[] = [
  { key: "name", title: "Pipeline", width: 230, order: "name", cell: (row) => <a href={pageOfPipeline(row.name)} title={row.name}>{row.name}</a> },
  { key: "last", title: "Last run", width: 196, order: "last", cell: (row) => (row.recent[0] ? <a class="plain row" href={pageOfPipelineRun(row.recent[0].id)} title={said(row.recent[0])}><Badge state={row.recent[0].state} /><span class="soft"><Ago at={row.recent[0].at_ms} /></span></a> : <span class="faint">never</span>) },
  { key: "recent", title: "Recent runs", width: 150, cell: (row) => <Strip runs={row.recent} label={`Newest runs of ${row.name}`} /> },
  { key: "succeeded", title: "Succeeded", width: 96, numeric: true, order: "succeeded", cell: (row) => (row.succeeded === null ? "" : <span class={row.succeeded < 0.5 ? "bad" : ""}>{percent(row.succeeded, 0)}</span>) },
  { key: "next", title: "Next run", width: 118, order: "next", cell: (row) => (row.next_ms ? <time dateTime={new Date(row.next_ms).toISOString()} title={when(row.next_ms)}>{ago(row.next_ms)}</time> : row.paused.length && row.paused.length === row.schedules.length ? <span class="soft">paused</span> : row.schedules.length ? <span class="soft" title={row.schedules.join(", ")}>on events</span> : "") },
  { key: "waiting", title: "Waiting", width: 76, numeric: true, order: "waiting", cell: (row) => row.waiting || "" },
  { key: "failed", title: "Last failure", width: 260, order: "failed", cell: (row) => (row.failed ? <a class="plain" href={pageOfPipelineRun(row.failed.id)} title={row.failed.error ?? ""}><span class="soft"><Ago at={row.failed.at_ms} /></span> {row.failed.error}</a> : "") },
  { key: "project", title: "Project", width: 110, order: "project", cell: (row) => row.project },
];

const READ: Record<string, (row: PipelineRow) => unknown> = {
  name: (row) => row.name, project: (row) => row.project, last: (row) => row.recent[0]?.at_ms, succeeded: (row) => row.succeeded, next: (row) => row.next_ms, waiting: (row) => row.waiting, failed: (row) => row.failed?.at_ms,
};

export default function Pipelines() {
  const [tab, setTab] = useQuery("tab", "all");
  usePage({ title: "Pipelines" });
  const list = useResource<PipelineList>("/pipelines", (event) => event.topic === "run" || event.topic === "ref");
  if (!list.data) return list.problem ? <Failed problem={list.problem} again={list.reload} /> : <Loading />;
  const rows = list.data.items;
  if (!rows.length && tab === "all") {
    return (
      <Empty page title="No pipelines yet" lines={`import tenfold\n\n@tenfold.step(retries=2)\ndef double(x: int) -> int:\n    return 2 * x\n\n@tenfold.pipeline\ndef doubling(x: int = 4):\n    return double(double(x))\n\ndoubling.run()`}>
        Plain functions, composed. Each step is a run of its own, cached by its code and inputs.
      </Empty>
    );
  }
  return (
    <>
      <Head title="Pipelines" />
      <Tabs label="About pipelines" now={tab} set={(to) => setTab(to)} tabs={TABS.map((one) => (one.id === "all" ? { ...one, count: rows.length } : one))} />
      {tab === "all" ? <All rows={rows} /> : (
        <Panel id={tab}>
          {tab === "schedules" ? <Schedules /> : tab === "pools" ? <Pools /> : tab === "notices" ? <Notices /> : <Secrets />}
        </Panel>
      )}
    </>
  );
}

function All({ rows }: { rows: PipelineRow[] }) {
  const [find, setFind] = useQuery("q");
  const [order, setOrder] = useQuery("order");
  const [state, setState] = useQuery("state");
  const shown = useMemo(() => {
    const words = find.toLowerCase().split(/\s+/).filter(Boolean);
    const mine = rows.filter((row) => words.every((word) => `${row.name} ${row.project} ${row.schedules.join(" ")}`.toLowerCase().includes(word)) && (!state || kind(row) === state));
    return sorted(mine, order, (row, field) => READ[field]?.(row));
  }, [rows, find, order, state]);
  useEffect(() => {
    const page = document.querySelector(".page");
    page?.classList.add("fills");
    return () => page?.classList.remove("fills");
  }, []);
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(kind(row), (counts.get(kind(row)) ?? 0) + 1);
  return (
    <div role="tabpanel" id="panel" aria-labelledby="tab-all" class="fillpage">
      <div class="toolbar" style={{ paddingTop: "8px" }}>
        <Filter value={find} set={(to) => setFind(to || null)} label="Find a pipeline" hint="Name, project or schedule" />
        {["failed", "running", "finished"].map((one) => (counts.get(one) ? <button key={one} type="button" class="button bare" aria-pressed={state === one} onClick={() => setState(state === one ? null : one)}><Badge state={one} word={`${counts.get(one)} ${one}`} /></button> : null))}
      </div>
      {shown.length ? <Table fill label="Pipelines" rows={shown} id={(row) => row.name} columns={COLUMNS} order={order} setOrder={(to) => setOrder(to)} /> : <p class="tablenote">No pipeline has that. Clear the filter to see all {rows.length}.</p>}
    </div>
  );
}

/** How its newest run stands. */
function kind(row: PipelineRow): string {
  const state = row.recent[0]?.state ?? "";
  return state === "lost" || state === "killed" ? "failed" : state === "created" ? "running" : state;
}
