// The schemas that are kept, by name, with what the newest check of each found.
import { useResource } from "../kit/api";
import { Badge } from "../kit/badge";
import { count } from "../kit/format";
import { Head, Loading, usePage } from "../kit/page";
import { Ago, Empty, Failed } from "../kit/parts";
import { Table } from "../kit/table";
import type { SchemaList } from "../wire";

export default function Schemas() {
  usePage({ title: "Schemas" });
  const list = useResource<SchemaList>("/schemas", (event) => event.topic === "version" || event.topic === "run");
  if (!list.data) return list.problem ? <Failed problem={list.problem} again={list.reload} /> : <Loading />;
  const rows = list.data.items;
  if (!rows.length) return <Empty page title="No schemas yet" lines={"tenfold schema infer march.csv --save flights\ntenfold validate april.csv --schema schema:flights"}>A schema says what the columns of a table should look like; data that break it are found before they do harm.</Empty>;
  return (
    <>
      <Head title="Schemas" />
      <Table label="Schemas" rows={rows} id={(row) => row.name} columns={[
        { key: "name", title: "Name", width: 260, cell: (row) => <a href={`/schemas/${encodeURIComponent(row.name)}`}>{row.name}</a> },
        { key: "state", title: "Newest check", width: 150, cell: (row) => (row.anomalies === null ? <Badge state="unknown" word="not checked" /> : <Badge state={row.anomalies ? "warning" : "ok"} word={row.anomalies ? count(row.anomalies, "anomaly", "anomalies") : "as it should be"} />) },
        { key: "columns", title: "Columns", width: 90, numeric: true, cell: (row) => row.columns },
        { key: "version", title: "Version", width: 80, numeric: true, cell: (row) => row.version },
        { key: "message", title: "Last change", width: 380, cell: (row) => <span title={row.message}>{row.message}</span> },
        { key: "saved", title: "Saved", width: 110, cell: (row) => <Ago at={row.saved_at_ms} /> },
        { key: "checked", title: "Checked", width: 110, cell: (row) => <Ago at={row.checked_at_ms} /> },
      ]} />
    </>
  );
}
