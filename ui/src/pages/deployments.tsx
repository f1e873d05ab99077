// The deployments: what is served, live ones first.
import { useResource } from "../kit/api";
import { Badge } from "../kit/badge";
import { number } from "../kit/format";
import { Head, Loading, usePage } from "../kit/page";
import { Ago, Empty, Failed } from "../kit/parts";
import { Table } from "../kit/table";
import { pageOfVersion } from "../links";
import { took } from "../nouns/runs";
import type { DeploymentList } from "../wire";

export default function Deployments() {
  usePage({ title: "Deployments" });
  const list = useResource<DeploymentList>("/deployments", (event) => event.topic !== "task");
  if (!list.data) return list.problem ? <Failed problem={list.problem} again={list.reload} /> : <Loading />;
  const rows = list.data.items;
  if (!rows.length) return <Empty page title="Nothing is served" lines={`tenfold serve model:delay@champion --port 8080\n\ncurl localhost:8080/invocations -H 'content-type: application/json' \\\n  -d '{"dataframe_records": [{"dep_hour": 17, "carrier": "UA"}]}'`}>Each prediction gets an id and lands in the prediction log, from which its lineage can be walked.</Empty>;
  const rates = [...new Set(rows.flatMap((row) => Object.keys(row.rates)))].filter((key) => !key.startsWith("system/")).slice(0, 4);
  return (
    <>
      <Head title="Deployments" />
      <Table label="Deployments" rows={rows} id={(row) => row.run.id} columns={[
        { key: "name", title: "Name", width: 200, cell: (row) => <a href={`/deployments/${row.run.id}`}>{row.name}</a> },
        { key: "state", title: "State", width: 100, cell: (row) => <Badge state={row.live ? "live" : row.run.state === "running" ? "lost" : row.run.state} word={row.live ? "live" : row.run.state === "running" ? "silent" : row.run.state === "finished" ? "stopped" : row.run.state} /> },
        { key: "targets", title: "Serves", width: 260, cell: (row) => <span class="row">{row.targets.map((target) => <span key={target.address}>{target.version ? <a class="plain" href={pageOfVersion(target.version)}>{target.version.name} v{target.version.number}</a> : target.address}{row.targets.length > 1 || target.shadow ? <span class="faint"> {target.shadow ? "shadow" : `${Math.round(target.weight * 100) / 100}`}</span> : null}</span>)}</span> },
        { key: "predictions", title: "Predictions", width: 110, numeric: true, cell: (row) => row.predictions.toLocaleString("en-US") },
        ...rates.map((key) => ({ key, title: key, width: Math.max(92, key.length * 7 + 24), numeric: true, cell: (row: (typeof rows)[number]) => number(row.rates[key]) })),
        { key: "url", title: "Address", cell: (row) => <code class="faint">{row.url}</code> },
        { key: "up", title: "For", width: 96, numeric: true, cell: (row) => took(row.run) },
        { key: "started", title: "Started", width: 110, cell: (row) => <Ago at={row.run.started_at_ms} /> },
      ]} />
    </>
  );
}
