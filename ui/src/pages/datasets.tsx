// The datasets.
import { useResource } from "../kit/api";
import { bytes } from "../kit/format";
import { Head, Loading, usePage } from "../kit/page";
import { Ago, Empty, Failed } from "../kit/parts";
import { useQuery } from "../kit/router";
import { sorted, Table } from "../kit/table";
import { Refs } from "../nouns/versions";
import type { DataList, DataRow } from "../wire";

const read = (row: DataRow, field: string): unknown => (field === "size" ? row.head?.size_bytes : field === "files" ? row.head?.files : row[field as keyof DataRow]);

export default function Datasets() {
  usePage({ title: "Datasets" });
  const [order, setOrder] = useQuery("order", "-newest_at_ms");
  const list = useResource<DataList>("/data", (event) => event.topic === "version" || event.topic === "ref");
  if (!list.data) return list.problem ? <Failed problem={list.problem} again={list.reload} /> : <Loading />;
  if (!list.data.items.length) return <Empty page title="No datasets yet" lines={`tenfold data commit flights data/ -m "first import"\ntenfold data log flights`}>Each commit is a version that never changes; what did not change is not stored again.</Empty>;
  return (
    <>
      <Head title="Datasets" />
      <Table label="Datasets" rows={sorted(list.data.items, order, read)} id={(row) => row.name} order={order} setOrder={setOrder} columns={[
        { key: "name", title: "Name", width: 240, order: "name", cell: (row) => <a href={`/data/${encodeURIComponent(row.name)}`}>{row.name}</a> },
        { key: "versions", title: "Versions", width: 96, numeric: true, order: "versions", cell: (row) => row.versions.toLocaleString("en-US") },
        { key: "files", title: "Files", width: 90, numeric: true, order: "files", cell: (row) => row.head?.files.toLocaleString("en-US") },
        { key: "size", title: "Size", width: 100, numeric: true, order: "size", cell: (row) => (row.head ? bytes(row.head.size_bytes) : "") },
        { key: "refs", title: "Branches and tags", width: 200, cell: (row) => <span class="row"><Refs names={row.refs.map((ref) => ref.ref)} /></span> },
        { key: "message", title: "Last message", cell: (row) => <span title={row.head?.message}>{row.head?.message}</span> },
        { key: "newest", title: "Changed", width: 110, order: "newest_at_ms", cell: (row) => <Ago at={row.newest_at_ms} /> },
      ]} />
    </>
  );
}
