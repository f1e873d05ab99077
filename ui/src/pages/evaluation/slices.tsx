// The slices, sorted by any metric: values with intervals, and what the baseline does on the same rows.
import { useMemo } from "preact/hooks";
import { Badge } from "../../kit/badge";
import { Filter } from "../../kit/filter";
import { count, number } from "../../kit/format";
import { Section } from "../../kit/page";
import { Empty } from "../../kit/parts";
import { useQuery } from "../../kit/router";
import { Table, type Column } from "../../kit/table";
import type { EvaluationDetail, SliceScores } from "../../wire";
import { between, signed } from "./metrics";

const nameOf = (part: SliceScores): string => `${part.column}=${part.value}`;

export function Slices({ detail }: { detail: EvaluationDetail }) {
  const { evaluation: found } = detail;
  const parts = found.slices ?? [];
  const skipped = Object.entries(found.skipped ?? {});
  const names = useMemo(() => [...new Set(parts.flatMap((part) => Object.keys(part.metrics)))], [parts]);
  const columns = useMemo(() => [...new Set(parts.map((part) => part.column))], [parts]);
  const [metric, setMetric] = useQuery("metric", detail.leading && names.includes(detail.leading) ? detail.leading : (names[0] ?? ""));
  const [order, setOrder] = useQuery("order", "-rows");
  const [find, setFind] = useQuery("find");
  const [column, setColumn] = useQuery("column");
  const weak = new Set(found.weak ?? []);
  const whole = found.metrics[metric];
  const shown = useMemo(() => {
    const [down, key] = order.startsWith("-") ? [-1, order.slice(1)] : [1, order];
    const wanted = parts.filter((part) => (!column || part.column === column) && (!find || nameOf(part).toLowerCase().includes(find.toLowerCase())));
    const value = (part: SliceScores): number | string | undefined => (key === "name" ? nameOf(part) : key === "rows" ? part.rows : key === "gap" ? gap(part, metric) : part.metrics[key]);
    return wanted.sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === undefined || y === undefined) return x === y ? 0 : x === undefined ? 1 : -1; // what is not defined stays last
      return (typeof x === "string" ? x.localeCompare(String(y)) : x - Number(y)) * down;
    });
  }, [parts, order, find, column, metric]);
  if (!parts.length) {
    return skipped.length ? <Skipped of={skipped} /> : <Empty title="No slices" lines={"tenfold evaluate model:delay@12 --data data:flights@main \\\n  --target late --slice carrier --slice 'carrier*origin' --slice distance:4"}>Name columns, crosses, bins or expressions to see where a model is weak.</Empty>;
  }
  const beside = parts.some((part) => part.baseline && Object.keys(part.baseline).length);
  const also = ["f1", "precision", "recall", "log_loss", "rmse", "mae", "mean_error", "accuracy"].filter((name) => name !== metric && names.includes(name)).slice(0, 3);
  const list: Column<SliceScores>[] = [
    { key: "name", title: "Slice", width: 240, order: "name", pinned: window.innerWidth > 600, cell: (part) => <span title={nameOf(part)}><span class="soft">{part.column}=</span>{part.value}</span> },
    { key: "rows", title: "Rows", width: 84, numeric: true, order: "rows", cell: (part) => part.rows.toLocaleString() },
    { key: "metric", title: metric, width: Math.max(100, metric.length * 7 + 34), numeric: true, order: metric, cell: (part) => <b>{number(part.metrics[metric])}</b> },
    { key: "interval", title: "95 % interval", width: 150, numeric: true, cell: (part) => between(part.intervals?.[metric]) },
    ...(beside ? [
      { key: "baseline", title: "Baseline", width: 90, numeric: true, cell: (part: SliceScores) => number(part.baseline?.[metric]) },
      { key: "gap", title: "Difference", width: 100, numeric: true, order: "gap", cell: (part: SliceScores) => signed(gap(part, metric)) },
    ] : []),
    ...also.map((name) => ({ key: name, title: name, width: Math.max(90, name.length * 7 + 34), numeric: true, order: name, cell: (part: SliceScores) => number(part.metrics[name]) })),
    { key: "weak", title: "", cell: (part) => (weak.has(nameOf(part)) ? <Badge state="alarm" word="weak" /> : null) },
  ];
  return (
    <>
      <div class="toolbar" style={{ padding: "0 0 12px" }}>
        <Filter value={find} set={(to) => setFind(to || null)} label="Filter slices" />
        <select class="input" aria-label="Metric" value={metric} onChange={(event) => setMetric(event.currentTarget.value)}>{names.map((name) => <option key={name}>{name}</option>)}</select>
        {columns.length > 1 ? <select class="input" aria-label="Cut by" value={column} onChange={(event) => setColumn(event.currentTarget.value || null)}><option value="">all cuts</option>{columns.map((name) => <option key={name}>{name}</option>)}</select> : null}
        <span class="soft">{shown.length === parts.length ? count(parts.length, "slice") : `${shown.length} of ${count(parts.length, "slice")}`}; all rows: <b>{number(whole)}</b></span>
      </div>
      <Table label="Slices" rows={shown} id={nameOf} columns={list} order={order} setOrder={(to) => setOrder(to)} fill={shown.length > 80} />
      {skipped.length ? <Skipped of={skipped} /> : null}
    </>
  );
}

const gap = (part: SliceScores, metric: string): number | undefined => {
  const [now, before] = [part.metrics[metric], part.baseline?.[metric]];
  return now === undefined || before === undefined ? undefined : now - before;
};

function Skipped({ of }: { of: [string, number][] }) {
  return (
    <Section title="Too few rows to judge">
      <p class="soft">{of.slice(0, 40).map(([name, rows]) => <span key={name} class="tag">{name} <b>{rows}</b></span>)}{of.length > 40 ? ` and ${of.length - 40} more` : ""}</p>
    </Section>
  );
}
