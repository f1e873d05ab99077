// The versions of something as a graph beside their table: a lane a line of descent, merges where two meet.
import "./history.css";
import { bytes } from "../kit/format";
import { Ago } from "../kit/parts";
import { Table, type Column } from "../kit/table";
import { Glyph } from "../kit/glyphs";
import { glyphOf, pageOfRun } from "../links";
import type { RunLink, VersionRow } from "../wire";
import { Refs } from "./versions";

/** One row of the graph: where its dot is, and the lines above and below it as [from lane, to lane]. */
export interface LaneRow {
  lane: number;
  above: [number, number][];
  below: [number, number][];
}

/** Lanes for versions that come newest first. A parent that is not among them draws no line. */
export function lanesOf(versions: { id: string; parents: string[] }[]): LaneRow[] {
  const place = new Map(versions.map((version, i) => [version.id, i]));
  let waiting: (string | null)[] = []; // what each lane leads down to
  return versions.map((version, i) => {
    const mine = waiting.flatMap((id, lane) => (id === version.id ? [lane] : []));
    const lane = mine[0] ?? free(waiting);
    const above = waiting.flatMap((id, from): [number, number][] => (id === null ? [] : [[from, id === version.id ? lane : from]]));
    const after = waiting.map((id) => (id === version.id ? null : id));
    const below = after.flatMap((id, from): [number, number][] => (id === null ? [] : [[from, from]]));
    for (const parent of version.parents.filter((id) => (place.get(id) ?? -1) > i)) {
      let to = after.indexOf(parent);
      if (to < 0) {
        to = after[lane] === null || after[lane] === undefined ? lane : free(after);
        after[to] = parent;
      }
      below.push([lane, to]);
    }
    waiting = after;
    return { lane, above, below };
  });
}

function free(lanes: (string | null)[]): number {
  const at = lanes.indexOf(null);
  return at < 0 ? lanes.length : at;
}

const STEP = 14;
const ROW = 28;
const MOST = 8;
const x = (lane: number): number => 10 + Math.min(lane, MOST) * STEP;
const colour = (lane: number): string => `var(--series-${lane % 8})`;

function Lanes({ row, width, chosen, merge, label }: { row: LaneRow; width: number; chosen: boolean; merge: boolean; label: string }) {
  const line = ([from, to]: [number, number], top: number, bottom: number) => (from === to ? `M${x(from)} ${top}V${bottom}` : `M${x(from)} ${top}C${x(from)} ${(top + bottom) / 2} ${x(to)} ${(top + bottom) / 2} ${x(to)} ${bottom}`);
  return (
    <svg class="lanes" width={width} height={ROW} role="img" aria-label={label}>
      {row.above.map((pair) => <path key={`a${pair}`} d={line(pair, 0, ROW / 2)} stroke={colour(pair[0])} />)}
      {row.below.map((pair) => <path key={`b${pair}`} d={line(pair, ROW / 2, ROW)} stroke={colour(pair[1])} />)}
      <circle cx={x(row.lane)} cy={ROW / 2} r={chosen ? 5.5 : 4} fill={merge ? "var(--ground)" : colour(row.lane)} stroke={colour(row.lane)} stroke-width="2" />
    </svg>
  );
}

export interface HistoryProps {
  label: string;
  versions: VersionRow[];
  runs: Record<string, RunLink>;
  uses: Record<string, number>;
  current: string | undefined;
  link: (version: VersionRow) => string;
}

export function History({ label, versions, runs, uses, current, link }: HistoryProps) {
  const lanes = lanesOf(versions);
  const width = x(Math.min(MOST, Math.max(0, ...lanes.flatMap((row) => [row.lane, ...row.below.map((pair) => pair[1])])))) + 10;
  const rows = versions.map((version, i) => ({ version, lanes: lanes[i]! }));
  const byId = new Map(versions.map((version) => [version.id, version]));
  type Row = (typeof rows)[number];
  const columns: Column<Row>[] = [
    { key: "number", title: "Version", width: width + 132, cell: ({ version, lanes }) => (
      <span class="row lanecell">
        <Lanes row={lanes} width={width} chosen={version.id === current} merge={version.parents.length > 1} label={said(version, byId)} />
        <a href={link(version)}>v{version.number}</a><Refs names={version.refs} />
      </span>
    ) },
    { key: "message", title: "Message", cell: ({ version }) => <span title={version.message}>{version.message || <span class="faint">no message</span>}</span> },
    { key: "run", title: "Made by", width: 120, cell: ({ version }) => <Maker version={version} run={version.run_id ? runs[version.run_id] : undefined} /> },
    { key: "uses", title: "Read by", width: 72, numeric: true, cell: ({ version }) => (uses[version.id] ? `${uses[version.id]} ${uses[version.id] === 1 ? "run" : "runs"}` : <span class="faint">–</span>) },
    { key: "files", title: "Files", width: 68, numeric: true, cell: ({ version }) => version.files.toLocaleString("en-US") },
    { key: "size", title: "Size", width: 86, numeric: true, cell: ({ version }) => bytes(version.size_bytes) },
    { key: "growth", title: "Growth", width: 88, numeric: true, cell: ({ version }) => <Growth version={version} parent={byId.get(version.parents[0] ?? "")} /> },
    { key: "created", title: "Created", width: 92, cell: ({ version }) => <Ago at={version.created_at_ms} /> },
  ];
  return <div class="history"><Table fill label={label} rows={rows} id={(row) => row.version.id} current={current} columns={columns} /></div>;
}

function Maker({ version, run }: { version: VersionRow; run: RunLink | undefined }) {
  if (run) return <a class="row plain" href={pageOfRun(run)} title={`${run.kind} run ${run.name}`}><Glyph name={glyphOf(run.kind)} size={12} /><span class="cut">{run.name || run.id.slice(-8)}</span></a>;
  return version.author ? <span class="row soft"><Glyph name="user" size={12} /><span class="cut">{version.author}</span></span> : null;
}

function Growth({ version, parent }: { version: VersionRow; parent: VersionRow | undefined }) {
  if (!parent) return <span class="faint">–</span>;
  const by = version.size_bytes - parent.size_bytes;
  return by === 0 ? <span class="faint">0</span> : <span>{by > 0 ? "+" : "−"}{bytes(Math.abs(by))}</span>;
}

function said(version: VersionRow, byId: Map<string, VersionRow>): string {
  const from = version.parents.flatMap((id) => (byId.has(id) ? [`v${byId.get(id)!.number}`] : []));
  return from.length > 1 ? `merge of ${from.join(" and ")}` : from.length ? `from ${from[0]}` : "a beginning";
}
