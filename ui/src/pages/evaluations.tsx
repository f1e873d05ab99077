// The newest evaluations: what was judged on what, the metric that says most, and what the gate said.
import { useResource } from "../kit/api";
import { Filter } from "../kit/filter";
import { count, number } from "../kit/format";
import { Head, Loading, usePage } from "../kit/page";
import { Ago, Empty, Failed } from "../kit/parts";
import { useQuery } from "../kit/router";
import { Table } from "../kit/table";
import { pageOfVersion } from "../links";
import { Verdict } from "../nouns/verdict";
import type { EvaluationList, EvaluationRow } from "../wire";

export default function Evaluations() {
  usePage({ title: "Evaluations" });
  const [find, setFind] = useQuery("find", "");
  const list = useResource<EvaluationList>("/evaluations", (event) => event.topic === "version");
  if (!list.data) return list.problem ? <Failed problem={list.problem} again={list.reload} /> : <Loading />;
  const rows = list.data.items;
  if (!rows.length) return <Empty page title="No evaluations yet" lines={'tenfold evaluate model:delay@1 --data holdout.csv --target late --slice carrier --threshold "auc >= 0.8"'}>An evaluation judges a model on rows it has not seen, overall and by slices. When thresholds are given, its verdict guards the alias champion.</Empty>;
  const wanted = find.toLowerCase();
  const shown = rows.filter((row) => !wanted || said(row).toLowerCase().includes(wanted));
  return (
    <>
      <Head title="Evaluations" />
      <div class="toolbar">
        <Filter value={find} set={(to) => setFind(to || null)} label="Filter evaluations" />
        <span class="soft">{shown.length === rows.length ? count(rows.length, "evaluation") : `${shown.length} of ${count(rows.length, "evaluation")}`}</span>
      </div>
      <Table label="Evaluations" rows={shown} id={(row) => row.id} fill={shown.length > 80} columns={[
        { key: "name", title: "Name", width: 200, pinned: true, cell: (row) => <a href={`/evaluations/${row.id}`}>{row.name} v{row.number}</a> },
        { key: "verdict", title: "Verdict", width: 104, cell: (row) => <span title={row.reasons.join("; ")}><Verdict verdict={row.passed === null ? null : row.passed ? "passed" : "failed"} /></span> },
        { key: "metric", title: "Metric", width: 120, cell: (row) => <code>{row.metric ?? ""}</code> },
        { key: "value", title: "Value", width: 84, numeric: true, cell: (row) => number(row.value ?? undefined) },
        { key: "task", title: "Task", width: 110, cell: (row) => row.task },
        { key: "rows", title: "Rows", width: 96, numeric: true, cell: (row) => row.rows.toLocaleString() },
        { key: "model", title: "Model", width: 190, cell: (row) => (row.model ? <a href={pageOfVersion(row.model)}>{row.model.address}</a> : null) },
        { key: "data", title: "Data", width: 190, cell: (row) => (row.data ? <a href={pageOfVersion(row.data)}>{row.data.address}</a> : null) },
        { key: "at", title: "Judged", width: 110, cell: (row) => <Ago at={row.at_ms} /> },
      ]} />
    </>
  );
}

const said = (row: EvaluationRow): string => [row.name, row.task, row.metric, row.model?.address, row.data?.address, row.passed === null ? "" : row.passed ? "passed" : "failed"].join(" ");
