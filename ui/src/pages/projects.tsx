// The projects: each groups runs.
import { useResource } from "../kit/api";
import { Badge } from "../kit/badge";
import { Head, Loading, usePage } from "../kit/page";
import { Ago, Empty, Failed } from "../kit/parts";
import { sorted, Table } from "../kit/table";
import { useQuery } from "../kit/router";
import { RunLink } from "../nouns/runs";
import type { ProjectList, ProjectRow } from "../wire";

const read = (row: ProjectRow, field: string): unknown => (field === "newest" ? row.newest?.started_at_ms : row[field as keyof ProjectRow]);

export default function Projects() {
  usePage({ title: "Projects" });
  const [order, setOrder] = useQuery("order", "-newest");
  const projects = useResource<ProjectList>("/projects", (event) => event.topic === "run");
  if (!projects.data) return projects.problem ? <Failed problem={projects.problem} again={projects.reload} /> : <Loading />;
  const rows = projects.data.items;
  if (!rows.length) return <Empty page title="No projects yet" lines={`import tenfold\n\nwith tenfold.run("my-project") as run:\n    run.log({"loss": 0.3}, step=1)`}>A project begins with its first run.</Empty>;
  return (
    <>
      <Head title="Projects" />
      <Table label="Projects" rows={sorted(rows, order, read)} id={(row) => row.name} order={order} setOrder={setOrder} columns={[
        { key: "name", title: "Name", width: 240, order: "name", cell: (row) => <a href={`/projects/${encodeURIComponent(row.name)}`}>{row.name}</a> },
        { key: "runs", title: "Runs", width: 90, numeric: true, order: "runs", cell: (row) => <a href={`/runs?project=${encodeURIComponent(row.name)}`}>{row.runs.toLocaleString("en-US")}</a> },
        { key: "running", title: "Running", width: 100, order: "running", cell: (row) => (row.running ? <Badge state="running" word={`${row.running} running`} /> : "") },
        { key: "newest", title: "Newest run", cell: (row) => (row.newest ? <span class="row"><Badge state={row.newest.state} word="" /><RunLink run={row.newest} /></span> : "") },
        { key: "when", title: "Started", width: 120, order: "newest", cell: (row) => <Ago at={row.newest?.started_at_ms} /> },
      ]} />
    </>
  );
}
