// The statistics of a table: a line a column, with its histogram or its most frequent values.
import { Bars } from "../kit/bars";
import { number, percent, value } from "../kit/format";
import { Section } from "../kit/page";
import { Table, type Column } from "../kit/table";

/** As the profiles' own record is written (docs: profiles); fields with their default are left out. */
export interface ColumnProfile {
  name: string;
  type: string;
  rows: number;
  count: number;
  nulls?: number;
  nans?: number;
  zeros?: number;
  mean?: number | null;
  m2?: number | null;
  min?: number | null;
  max?: number | null;
  quantiles?: { points: number[]; count: number } | null;
  histogram?: { edges: number[]; counts: number[] } | null;
  top?: { values: unknown[]; counts: number[]; error?: number } | null;
  distinct?: number;
  distinct_is_exact?: boolean;
}

export interface TableProfile {
  rows: number;
  columns: Record<string, ColumnProfile>;
}

const isTable = (of: unknown): of is TableProfile => of !== null && typeof of === "object" && "columns" in of && "rows" in of;

/** The tables a profile is of, by name: a dataset's has one for each folder of files, a report's only one. */
export function tablesOf(of: unknown): [string, TableProfile][] {
  if (isTable(of)) return [["", of]];
  if (of === null || typeof of !== "object" || !("tables" in of)) return [];
  return Object.entries(of.tables as object).filter((one): one is [string, TableProfile] => isTable(one[1]));
}

const missing = (column: ColumnProfile): number => (column.nulls ?? 0) + (column.nans ?? 0);
const median = (column: ColumnProfile): number | null => {
  const points = column.quantiles?.points;
  return points?.length ? points[Math.floor(points.length / 2)]! : null;
};

const COLUMNS: Column<ColumnProfile>[] = [
  { key: "name", title: "Column", width: 150, cell: (column) => <span title={column.name}>{column.name}</span> },
  { key: "type", title: "Type", width: 84, cell: (column) => column.type },
  { key: "shape", title: "Distribution", width: 230, cell: (column) => <Shape of={column} /> },
  { key: "missing", title: "Missing", width: 84, numeric: true, cell: (column) => (missing(column) ? percent(missing(column) / Math.max(1, column.rows)) : <span class="faint">0</span>) },
  { key: "distinct", title: "Distinct", width: 92, numeric: true, cell: (column) => (column.distinct ? `${column.distinct_is_exact === false ? "≈ " : ""}${column.distinct.toLocaleString("en-US")}` : "") },
  { key: "mean", title: "Mean", width: 88, numeric: true, cell: (column) => number(column.mean) },
  { key: "std", title: "Std", width: 88, numeric: true, cell: (column) => (column.m2 !== null && column.m2 !== undefined && column.count ? number(Math.sqrt(column.m2 / column.count)) : "") },
  { key: "min", title: "Min", width: 88, numeric: true, cell: (column) => number(column.min) },
  { key: "median", title: "Median", width: 88, numeric: true, cell: (column) => number(median(column)) },
  { key: "max", title: "Max", width: 88, numeric: true, cell: (column) => number(column.max) },
];

function Shape({ of }: { of: ColumnProfile }) {
  if (of.histogram?.counts.length) return <Bars counts={of.histogram.counts} edges={of.histogram.edges} label={`Histogram of ${of.name}`} width={208} height={24} />;
  const top = of.top;
  if (!top?.values.length) return <span class="faint">—</span>;
  return (
    <span class="row" style={{ gap: "8px" }}>
      {top.values.slice(0, 3).map((one, i) => <span key={i} class="cut" style={{ flex: "0 1 auto" }} title={`${value(one)}: ${number(top.counts[i])}`}>{value(one) || "“”"} <span class="faint">{percent(top.counts[i]! / Math.max(1, of.count || of.rows), 0)}</span></span>)}
    </span>
  );
}

/** Every table of a profile, one below the other. */
export function Profile({ of }: { of: unknown }) {
  const tables = tablesOf(of);
  return <>{tables.map(([name, table]) => (tables.length > 1 || name ? <Section key={name} title={name}><ProfileTable profile={table} name={name} /></Section> : <ProfileTable key="" profile={table} name="the table" />))}</>;
}

function ProfileTable({ profile, name }: { profile: TableProfile; name: string }) {
  const columns = Object.entries(profile.columns).map(([name, column]) => ({ ...column, name: column.name ?? name }));
  return (
    <>
      <p class="soft" style={{ marginBottom: "8px" }}>{profile.rows.toLocaleString("en-US")} rows, {columns.length} columns</p>
      <Table label={`Columns of ${name}`} rows={columns} id={(column) => column.name} columns={COLUMNS} />
    </>
  );
}
