// The pipelines, each with its newest runs.
import { useResource } from "../kit/api";
import { Badge } from "../kit/badge";
import { Head, Loading, Section, usePage } from "../kit/page";
import { Ago, Empty, Failed } from "../kit/parts";
import { Table, type Column } from "../kit/table";
import { pageOfProject } from "../links";
import { took } from "../nouns/runs";
import type { PipelineList, RunRow } from "../wire";

const COLUMNS: Column<RunRow>[] = [
  { key: "name", title: "Run", width: 140, cell: (run) => <a class="mono" href={`/pipelines/runs/${run.id}`}>{run.id.slice(-8)}</a> },
  { key: "state", title: "State", width: 110, cell: (run) => <Badge state={run.state} /> },
  { key: "started", title: "Started", width: 120, cell: (run) => <Ago at={run.started_at_ms ?? run.created_at_ms} /> },
  { key: "took", title: "Took", width: 100, numeric: true, cell: (run) => took(run) },
  { key: "params", title: "Params", cell: (run) => { const text = Object.entries(run.params).map(([k, v]) => `${k}=${String(v)}`).join("  "); return <code class="faint" title={text}>{text}</code>; } },
];

export default function Pipelines() {
  usePage({ title: "Pipelines" });
  const list = useResource<PipelineList>("/pipelines", (event) => event.topic === "run" || event.topic === "task");
  if (!list.data) return list.problem ? <Failed problem={list.problem} again={list.reload} /> : <Loading />;
  if (!list.data.items.length) {
    return (
      <Empty page title="No pipelines yet" lines={`import tenfold\n\n@tenfold.step(retries=2)\ndef double(x: int) -> int:\n    return 2 * x\n\n@tenfold.pipeline\ndef doubling(x: int = 4):\n    return double(double(x))\n\ndoubling.run()`}>
        Plain functions, composed. Each step is a run of its own, cached by its code and inputs.
      </Empty>
    );
  }
  return (
    <>
      <Head title="Pipelines" />
      <div class="body">
        {list.data.items.map((row) => (
          <Section key={`${row.project}/${row.name}`} title={row.name} tools={<span class="soft">in <a href={pageOfProject(row.project)}>{row.project}</a>, {row.runs} {row.runs === 1 ? "run" : "runs"}</span>}>
            <Table label={`Runs of ${row.name}`} rows={row.recent} id={(run) => run.id} columns={COLUMNS} />
          </Section>
        ))}
      </div>
    </>
  );
}
