// The registered models, and what was in production on a day.
import { useResource } from "../kit/api";
import { number } from "../kit/format";
import { Head, Loading, usePage } from "../kit/page";
import { Ago, Empty, Failed, Panel, Tabs } from "../kit/parts";
import { useQuery } from "../kit/router";
import { sorted, Table } from "../kit/table";
import { InProduction } from "../nouns/production";
import { leading, Verdict } from "../nouns/verdict";
import type { ModelList, ModelRow } from "../wire";

export default function Models() {
  usePage({ title: "Models" });
  const [order, setOrder] = useQuery("order", "-newest_at_ms");
  const [tab, setTab] = useQuery("tab", "models");
  const list = useResource<ModelList>("/models", (event) => event.topic === "version" || event.topic === "ref");
  if (!list.data) return list.problem ? <Failed problem={list.problem} again={list.reload} /> : <Loading />;
  const rows = list.data.items;
  if (!rows.length) return <Empty page title="No models yet" lines={`with tenfold.run("flights") as run:\n    run.save_model(model, "delay", input_example=X.head())`}>A model is saved with its signature and in a safe format; the alias <code>champion</code> says which version is served.</Empty>;
  const keys = leading(rows.flatMap((row) => row.newest ?? []), 3);
  return (
    <>
      <Head title="Models" />
      <Tabs label="About models" now={tab} set={(to) => setTab(to)} tabs={[{ id: "models", title: "Models", count: rows.length }, { id: "production", title: "In production" }]} />
      <Panel id={tab}>
      {tab === "production" ? <InProduction /> : <Table label="Models" rows={sorted(rows, order, (row, field) => row[field as keyof ModelRow])} id={(row) => row.name} order={order} setOrder={setOrder} columns={[
        { key: "name", title: "Name", width: 220, order: "name", cell: (row) => <a href={`/models/${encodeURIComponent(row.name)}`}>{row.name}</a> },
        { key: "aliases", title: "Aliases", width: 240, cell: (row) => <span class="row">{row.aliases.map((ref) => <span class="tag act" key={ref.ref}>{ref.ref} v{ref.number}</span>)}</span> },
        { key: "versions", title: "Versions", width: 92, numeric: true, order: "versions", cell: (row) => row.versions.toLocaleString("en-US") },
        { key: "verdict", title: "Newest is", width: 120, cell: (row) => (row.newest ? <Verdict verdict={row.newest.verdict} /> : "") },
        ...keys.map((key) => ({ key, title: key, width: Math.max(96, key.length * 8), numeric: true, cell: (row: ModelRow) => number(row.newest?.metrics[key]) })),
        { key: "format", title: "Format", cell: (row) => row.newest?.format },
        { key: "newest", title: "Changed", width: 110, order: "newest_at_ms", cell: (row) => <Ago at={row.newest_at_ms} /> },
      ]} />}
      </Panel>
    </>
  );
}
