// Runs as several pages show them.
import { Badge } from "../kit/badge";
import { duration, now, number, value } from "../kit/format";
import { Glyph } from "../kit/glyphs";
import { Ago } from "../kit/parts";
import type { Column } from "../kit/table";
import { pageOfRun } from "../links";
import type { RunRow } from "../wire";

export const nameOf = (run: { name: string; id: string }): string => run.name || run.id.slice(-8);

export function RunLink({ run }: { run: { id: string; kind: string; name: string } }) {
  return <a href={pageOfRun(run)} class="cut" title={`${nameOf(run)} · ${run.id}`}>{nameOf(run)}</a>;
}

export function took(run: { state: string; duration_ms?: number | null; started_at_ms: number | null; ended_at_ms: number | null }): string {
  if (run.state === "running" && run.started_at_ms) return duration(now.value - run.started_at_ms);
  return duration(run.duration_ms ?? (run.started_at_ms && run.ended_at_ms ? run.ended_at_ms - run.started_at_ms : null));
}

/** Metrics in the order people look for them: losses and scores first, then plain names, then those in groups. */
export function byWeight(a: string, b: string): number {
  const weight = (key: string) => (/(^|[/_.])(loss|auc|acc|accuracy|f1|rmse|mae|r2)$/.test(key) ? 0 : 2) + Number(key.includes("/"));
  return weight(a) - weight(b) || a.localeCompare(b);
}

/** Columns every table of runs may have; `field` as the search language names it. */
const FIXED: Record<string, Omit<Column<RunRow>, "key">> = {
  name: { title: "Name", width: 220, order: "name", cell: (run) => <RunLink run={run} /> },
  state: { title: "State", width: 100, order: "state", cell: (run) => <Badge state={run.state} /> },
  project: { title: "Project", width: 120, order: "project", cell: (run) => <span title={run.project}>{run.project}</span> },
  kind: { title: "Kind", width: 96, order: "kind", cell: (run) => run.kind },
  started: { title: "Started", width: 110, order: "started_at_ms", cell: (run) => <Ago at={run.started_at_ms ?? run.created_at_ms} /> },
  duration: { title: "Took", width: 96, order: "duration_ms", numeric: true, cell: (run) => took(run) },
  user: { title: "User", width: 100, order: "user", cell: (run) => run.user },
  host: { title: "Host", width: 120, order: "host", cell: (run) => run.host },
  group: { title: "Group", width: 120, order: "group", cell: (run) => run.group },
  commit: { title: "Commit", width: 90, cell: (run) => <code>{run.commit?.slice(0, 8)}</code> },
  id: { title: "Id", width: 240, order: "id", cell: (run) => <code>{run.id}</code> },
  error: { title: "Error", width: 280, cell: (run) => <span class="bad" title={run.error ?? ""}>{run.error}</span> },
};

export const FIXED_COLUMNS = Object.entries(FIXED).map(([key, column]) => ({ key, title: column.title }));

export interface ColumnDoings {
  /** Sets or takes away the star of a run. */
  star?: (run: RunRow) => void;
}

/** A run's name after its star. */
function StarredName({ run, star }: { run: RunRow; star: (run: RunRow) => void }) {
  return (
    <span class="row" style={{ gap: "4px" }}>
      <button type="button" class="starmark" tabIndex={-1} aria-label={`Star ${nameOf(run)}`} aria-pressed={run.starred} onClick={() => star(run)}><Glyph name="star" size={14} filled={run.starred} /></button>
      <RunLink run={run} />
    </span>
  );
}

/** The best of a metric: by the goal the run gave it, else its last value. */
function best(run: RunRow, name: string): number | null | undefined {
  const goal = run.goals[name];
  return run.metrics[name]?.[goal === "maximize" ? "max" : goal === "minimize" ? "min" : "last"];
}

/** A column by its key: a fixed one, `params.lr`, `metrics.loss`, `best.loss`, `summary.loss.min` or `tags.team`. */
export function columnOf(key: string, doings: ColumnDoings = {}): Column<RunRow> | null {
  const fixed = FIXED[key];
  if (fixed) return { key, ...fixed, ...(key === "name" && doings.star ? { width: 240, cell: (run: RunRow) => <StarredName run={run} star={doings.star!} /> } : {}) };
  const dot = key.indexOf(".");
  const [family, name] = [key.slice(0, dot), key.slice(dot + 1)];
  const width = (title: string) => Math.max(92, title.length * 7 + 34);
  if (family === "metrics") return { key, title: name, width: width(name), order: key, numeric: true, cell: (run) => number(run.metrics[name]?.last) };
  if (family === "best") return { key, title: `${name} best`, width: width(`${name} best`), numeric: true, cell: (run) => number(best(run, name)) };
  if (family === "summary") {
    const [, metric = "", part = ""] = /^(.+)\.(last|min|max|mean)$/s.exec(name) ?? [];
    return part ? { key, title: `${metric} ${part}`, width: width(`${metric} ${part}`), order: key, numeric: true, cell: (run) => number(run.metrics[metric]?.[part as "min"]) } : null;
  }
  if (family === "params") return { key, title: name, width: width(name), order: key, cell: (run) => <span title={value(run.params[name])}>{value(run.params[name])}</span> };
  if (family === "tags") return { key, title: name, width: 110, order: key, cell: (run) => run.tags[name] };
  return null;
}
