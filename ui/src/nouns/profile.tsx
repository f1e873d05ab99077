// The statistics of a table: a line a column, with its histogram or its most frequent values; and how columns go together.
import { Bars } from "../kit/bars";
import { Filter } from "../kit/filter";
import { number, percent, value } from "../kit/format";
import { Section } from "../kit/page";
import { useQuery } from "../kit/router";
import { sorted, Table, type Column } from "../kit/table";
import { Together, type Correlations } from "./together";

/** As the profiles' own record is written (docs: profiles); fields with their default are left out. */
export interface ColumnProfile {
  name: string;
  type: string;
  clock?: "" | "duration" | "day";
  rows: number;
  count: number;
  nulls?: number;
  nans?: number;
  zeros?: number;
  mean?: number | null;
  m2?: number | null;
  m3?: number | null;
  infinities?: number;
  negative_infinities?: number;
  text?: { characters?: number; letters?: number; spaces?: number; words?: number; blank?: number } | null;
  lists?: { min: number; max: number; items: { type: string } } | null;
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
  correlations?: Correlations | null;
}

const FILLS = 1000; // more columns than these scroll within the page, so that only those in sight are drawn

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
  return points?.length ? points[Math.ceil(points.length / 2) - 1]! : null;
};

const std = (column: ColumnProfile): number | null => {
  const count = column.quantiles?.count ?? column.count;
  return column.m2 !== null && column.m2 !== undefined && count ? Math.sqrt(column.m2 / count) : null;
};
const skewness = (column: ColumnProfile): number | null => {
  const count = column.quantiles?.count ?? column.count;
  if (column.min === column.max || !column.m2 || column.m3 === null || column.m3 === undefined) return null;
  return (Math.sqrt(count) * (column.m3 / column.m2)) / Math.sqrt(column.m2);
};
const day = new Intl.DateTimeFormat("sv-SE", { timeZone: "UTC", dateStyle: "short", timeStyle: "medium" });
/** In at most eight characters where it is below one: a column of many such numbers is narrow. */
const short = (one: number | null | undefined): string => {
  if (one === null || one === undefined || one === 0 || Math.abs(one) >= 0.01) return number(one);
  return (Math.abs(one) < 0.001 ? one.toExponential(2) : String(Number(one.toPrecision(3)))).replace("-", "−");
};
/** A length of time or a time of day, of milliseconds: 02:00:00, and days from one on. */
const lasts = (ms: number): string => {
  if (Math.abs(ms) >= 86_400_000) return `${number(ms / 86_400_000)} d`;
  const seconds = Math.round(Math.abs(ms) / 1000);
  const clock = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map((part) => String(Math.floor(part)).padStart(2, "0"));
  return `${ms < 0 ? "−" : ""}${clock.join(":")}`;
};
/** A number of a column; of a column of times, the moment. */
const said = (column: ColumnProfile, one: number | null | undefined): string => {
  if (column.type !== "time" || one === null || one === undefined || Math.abs(one) > 8.64e15) return short(one);
  if (column.clock) return lasts(one);
  return day.format(one).replace(" 00:00:00", "");
};

/** What a reader should not overlook, and what strings and lists are made of. */
function notes(column: ColumnProfile): string {
  const { text, lists } = column;
  const found: string[] = [];
  if (column.infinities) found.push(`${column.infinities.toLocaleString("en-US")} infinite${column.negative_infinities ? ` (${column.negative_infinities.toLocaleString("en-US")} below zero)` : ""}`);
  if (column.nans) found.push(`${column.nans.toLocaleString("en-US")} NaN`);
  if (column.rows && missing(column) === column.rows) found.push("no values");
  else if (column.distinct === 1 && column.distinct_is_exact !== false && column.count > 1) found.push("constant");
  if (text?.blank) found.push(`${text.blank.toLocaleString("en-US")} blank`);
  if (text?.characters && (text.words ?? 0) > 1.5 * column.count) found.push(`${number((text.words ?? 0) / column.count)} words, ${percent((text.characters - (text.letters ?? 0) - (text.spaces ?? 0)) / text.characters, 0)} no letters`);
  if (lists) found.push(`lists of ${lists.min} to ${lists.max}, ${lists.items.type}`);
  return found.join(", ");
}

const READ: Record<string, (column: ColumnProfile) => unknown> = {
  name: (column) => column.name, type: (column) => column.type, missing: (column) => missing(column) / Math.max(1, column.rows),
  distinct: (column) => column.distinct ?? 0, mean: (column) => column.mean, std, skew: skewness, min: (column) => column.min, median, max: (column) => column.max,
};

const COLUMNS: Column<ColumnProfile>[] = [
  { key: "name", title: "Column", width: 150, order: "name", cell: (column) => <span title={column.name}>{column.name}</span> },
  { key: "type", title: "Type", width: 72, order: "type", cell: (column) => (column.lists ? "list" : column.type) },
  { key: "shape", title: "Distribution", width: 184, cell: (column) => <Shape of={column} /> },
  { key: "missing", title: "Missing", width: 76, numeric: true, order: "missing", cell: (column) => (missing(column) ? percent(missing(column) / Math.max(1, column.rows)) : <span class="faint">0</span>) },
  { key: "distinct", title: "Distinct", width: 80, numeric: true, order: "distinct", cell: (column) => (column.distinct ? <span title={column.distinct_is_exact === false ? "An estimate: standard error 2.3 %" : undefined}>{`${column.distinct_is_exact === false ? "≈ " : ""}${column.distinct.toLocaleString("en-US")}`}</span> : "") },
  { key: "mean", title: "Mean", width: 88, numeric: true, order: "mean", cell: (column) => <span title={said(column, column.mean)}>{said(column, column.mean)}</span> },
  { key: "std", title: "Std", width: 72, numeric: true, order: "std", cell: (column) => (column.type === "time" ? "" : short(std(column))) },
  { key: "skew", title: "Skew", width: 88, numeric: true, order: "skew", cell: (column) => short(skewness(column)) },
  { key: "min", title: "Min", width: 88, numeric: true, order: "min", cell: (column) => <span title={said(column, column.min)}>{said(column, column.min)}</span> },
  { key: "median", title: "Median", width: 88, numeric: true, order: "median", cell: (column) => <span title={said(column, median(column))}>{said(column, median(column))}</span> },
  { key: "max", title: "Max", width: 88, numeric: true, order: "max", cell: (column) => <span title={said(column, column.max)}>{said(column, column.max)}</span> },
  { key: "notes", title: "Notes", width: 220, cell: (column) => <span class="soft cut" title={notes(column)}>{notes(column)}</span> },
];

function Shape({ of }: { of: ColumnProfile }) {
  if (of.histogram?.counts.length) return <Bars counts={of.histogram.counts} edges={of.histogram.edges} label={`Histogram of ${of.name}`} width={164} height={24} />;
  const top = of.top;
  if (!top?.values.length) return <span class="faint">—</span>;
  return (
    <span class="row" style={{ gap: "8px" }}>
      {top.values.slice(0, 2).map((one, i) => <span key={i} class="cut" style={{ flex: "0 1 auto" }} title={`${value(one)}: ${number(top.counts[i])}`}>{value(one) || "“”"} <span class="faint">{percent(top.counts[i]! / Math.max(1, of.count || of.rows), 0)}</span></span>)}
    </span>
  );
}

/** Every table of a profile, one below the other. */
export function Profile({ of }: { of: unknown }) {
  const tables = tablesOf(of);
  return <>{tables.map(([name, table]) => (tables.length > 1 || name ? <Section key={name} title={name}><ProfileTable profile={table} name={name} /></Section> : <ProfileTable key="" profile={table} name="the table" />))}</>;
}

function ProfileTable({ profile, name }: { profile: TableProfile; name: string }) {
  const [find, setFind] = useQuery("columns");
  const [order, setOrder] = useQuery("by");
  const all = Object.entries(profile.columns).map(([name, column]) => ({ ...column, name: column.name ?? name }));
  const words = find.toLowerCase().split(/\s+/).filter(Boolean);
  const chosen = all.filter((column) => words.every((word) => column.name.toLowerCase().includes(word) || column.type === word));
  const rows = sorted(chosen, order, (column, field) => READ[field]?.(column));
  const fill = rows.length > FILLS;
  const together = profile.correlations ? <Together of={profile.correlations} /> : null;
  return (
    <>
      <div class="toolbar">
        <span class="soft">{profile.rows.toLocaleString("en-US")} rows, {find ? `${rows.length.toLocaleString("en-US")} of ` : ""}{all.length.toLocaleString("en-US")} columns</span>
        {all.length > 5 || find ? <Filter value={find} set={setFind} label="Find columns" hint="Name or type" /> : null}
      </div>
      {fill ? together : null}
      {rows.length ? <Table label={`Columns of ${name}`} rows={rows} id={(column) => column.name} columns={COLUMNS} order={order} setOrder={setOrder} fill={fill} /> : <p class="soft">No column is called that. Types are columns' too: int, float, string, bool, time.</p>}
      {fill ? null : together}
    </>
  );
}
