// The JSON forms of what was logged: a table that is filtered and sorted, a histogram.
import { useMemo, useState } from "preact/hooks";
import { useResource } from "../kit/api";
import { count, number, value } from "../kit/format";
import { Failed } from "../kit/parts";
import { sorted, Table } from "../kit/table";

interface TableJson {
  columns: string[];
  rows: unknown[][];
}

interface Numbered {
  n: number;
  cells: unknown[];
}

interface HistogramJson {
  counts: number[];
  edges: number[];
  not_finite?: number;
}

/** A table of `log_table`: rows that hold the text typed, in the order of the column chosen. */
export function LoggedTable({ version, label }: { version: string; label: string }) {
  const table = useResource<TableJson>(`/media/${version}/file`);
  const [find, setFind] = useState("");
  const [order, setOrder] = useState("");
  const rows = useMemo((): Numbered[] => {
    const numbered = (table.data?.rows ?? []).map((cells, n) => ({ n, cells }));
    const wanted = find.toLowerCase();
    const found = wanted ? numbered.filter(({ cells }) => cells.some((cell) => value(cell).toLowerCase().includes(wanted))) : numbered;
    return sorted(found, order, (row, field) => row.cells[Number(field)]);
  }, [table.data, find, order]);
  if (!table.data) return table.problem ? <Failed problem={table.problem} /> : null;
  const numeric = table.data.columns.map((_, c) => table.data!.rows.some((row) => typeof row[c] === "number"));
  return (
    <>
      {table.data.rows.length > 8 ? <div class="row" style={{ marginBottom: "4px" }}><input class="input" type="text" aria-label={`Find in ${label}`} placeholder="Find in the table" value={find} onInput={(event) => setFind(event.currentTarget.value)} /><span class="faint">{count(rows.length, "row")}</span></div> : null}
      <div class="loggedtable">
        <Table fill={rows.length > 12} label={label} rows={rows} id={(row) => String(row.n)} order={order} setOrder={setOrder} columns={table.data.columns.map((title, c) => ({
          key: String(c), title, width: 120, order: String(c), numeric: numeric[c] ?? false, cell: (row: Numbered) => (row.cells[c] === null ? <span class="faint">null</span> : <span title={value(row.cells[c])}>{value(row.cells[c])}</span>),
        }))} />
      </div>
    </>
  );
}

/** A histogram of `log_histogram`: bars over their edges. */
export function Histogram({ version, label, height = 160 }: { version: string; label: string; height?: number }) {
  const found = useResource<HistogramJson>(`/media/${version}/file`);
  if (!found.data) return found.problem ? <Failed problem={found.problem} /> : <div style={{ height: `${height}px` }} />;
  const { counts, edges, not_finite } = found.data;
  const most = Math.max(1, ...counts);
  const [low, high] = [edges[0] ?? 0, edges.at(-1) ?? 1];
  const place = (x: number) => ((x - low) / (high - low || 1)) * 400;
  const total = counts.reduce((sum, n) => sum + n, 0);
  const says = `${label}: ${count(total, "value")} from ${number(low)} to ${number(high)}, most ${number(most)} in one of ${counts.length} bins`;
  return (
    <>
      <svg class="histogram" viewBox={`0 0 400 ${height}`} preserveAspectRatio="none" role="img" aria-label={says} style={{ height: `${height}px` }}>
        {counts.map((n, i) => {
          const [from, to] = [place(edges[i]!), place(edges[i + 1]!)];
          const h = (n / most) * (height - 4);
          return <rect key={i} x={from} y={height - h} width={Math.max(0.5, to - from - 0.5)} height={h} fill="var(--series-0)"><title>{`${number(edges[i])} to ${number(edges[i + 1])}: ${n.toLocaleString("en-US")}`}</title></rect>;
        })}
        <line x1="0" x2="400" y1={height - 0.5} y2={height - 0.5} stroke="var(--line-strong)" />
      </svg>
      <div class="row faint histogram-ends"><span>{number(low)}</span><span>{count(total, "value")}{not_finite ? `, ${not_finite} not finite` : ""}</span><span>{number(high)}</span></div>
    </>
  );
}
