// The runs that a page lays beside each other: which, in which pens, under which names, in which groups.
import { useMemo, useRef } from "preact/hooks";
import { posed, useResource, type Resource } from "../kit/api";
import { number, value } from "../kit/format";
import { setQuery, useQuery } from "../kit/router";
import { pen, pensFor, type Pen } from "../kit/theme";
import type { Definition, MetricRow, RunRow, RunSet, RunSetQuery } from "../wire";
import { byWeight, nameOf } from "./runs";

export interface Compared {
  resource: Resource<RunSet>;
  /** All of the set, in order. */
  runs: RunRow[];
  /** Those not hidden. */
  shown: RunRow[];
  total: number;
  pens: Map<string, Pen>;
  names: Map<string, string>;
  definitions: Record<string, Definition>;
  /** Metrics any of them has, those people look for first. */
  keys: string[];
  /** Param keys whose values differ. */
  varying: string[];
  hidden: Set<string>;
  setHidden: (ids: Set<string>) => void;
  question: RunSetQuery;
  live: boolean;
}

const TAIL = 10;
/** So many runs are read again whenever one of them logs; larger sets when a run begins, ends or is changed. */
const FEW = 60;
const NONE: RunRow[] = [];
const UNDEFINED = {};

/** Ask for a set of runs. Hidden ones are in the address by the ends of their ids. */
export function useRunSet(question: RunSetQuery | null): Compared {
  const [hide] = useQuery("hide");
  const held = useRef(0);
  const resource = useResource<RunSet>(question ? posed("/compare", question) : null, (event) => {
    if (question?.runs?.length ? !question.runs.includes(event.id) : question?.filter?.project.length && event.project && !question.filter.project.includes(event.project)) return false;
    return event.topic === "run" || (event.topic === "series" && held.current <= FEW); // a metric that is new makes a panel
  });
  held.current = resource.data?.items.length ?? 0;
  const runs = resource.data?.items ?? NONE;
  const set = useMemo(() => {
    const ends = new Set(hide.split(".").filter(Boolean));
    const hidden = new Set(runs.filter((run) => ends.has(run.id.slice(-TAIL))).map((run) => run.id));
    const params = new Map<string, Set<string>>();
    for (const run of runs) for (const key of Object.keys(run.params)) if (!params.has(key)) params.set(key, new Set());
    for (const run of runs) for (const [key, seen] of params) seen.add(value(run.params[key]));
    return {
      shown: runs.filter((run) => !hidden.has(run.id)), hidden, pens: pensFor(runs.map((run) => run.id)), names: labels(runs),
      keys: [...new Set(runs.flatMap((run) => Object.keys(run.metrics)))].sort(byWeight),
      varying: [...params].filter(([, seen]) => seen.size > 1).map(([key]) => key).sort(),
      live: runs.some((run) => run.state === "running" || run.state === "created"),
    };
  }, [resource.data, hide]);
  return {
    resource, runs, total: resource.data?.total ?? 0, definitions: resource.data?.metrics ?? UNDEFINED, question: question ?? {}, ...set,
    setHidden: (ids) => setQuery({ hide: [...ids].map((id) => id.slice(-TAIL)).join(".") || null }),
  };
}

/** A name for each run, made different where two are called the same. */
export function labels(runs: RunRow[]): Map<string, string> {
  const seen = new Map<string, number>();
  for (const run of runs) seen.set(nameOf(run), (seen.get(nameOf(run)) ?? 0) + 1);
  return new Map(runs.map((run) => [run.id, seen.get(nameOf(run))! > 1 ? `${nameOf(run)} ${run.id.slice(-4)}` : nameOf(run)]));
}

export type Goal = "maximize" | "minimize" | null;

/** Whether more is better: as defined, else as the name says, else unknown. */
export function goalOf(key: string, definition: Definition | undefined): Goal {
  if (definition?.goal) return definition.goal;
  const last = key.split(/[/.]/).at(-1)!.toLowerCase();
  if (/(^|_)(loss|error|err|rmse|mse|mae|mape|perplexity|logloss|nll)(_|$)/.test(last)) return "minimize";
  return /(^|_)(acc|accuracy|auc|f1|r2|precision|recall|score|map|iou|bleu|dice)(_|$)/.test(last) ? "maximize" : null;
}

/** The number that speaks for a run. */
export function spoken(metric: MetricRow | undefined, definition: Definition | undefined): number | null {
  if (!metric) return null;
  const rule = definition?.summary ?? "last";
  return metric[rule === "best" ? (definition?.goal === "maximize" ? "max" : "min") : rule];
}

/** What a field such as `params.lr`, `metrics.loss` or `duration` says of a run: a number, a word, or nothing. */
export function fieldOf(run: RunRow, field: string, definitions: Record<string, Definition>): number | string | null {
  const dot = field.indexOf(".");
  const key = field.slice(dot + 1);
  if (field === "duration") return run.duration_ms === null ? null : run.duration_ms / 1000;
  if (field === "started") return run.started_at_ms === null ? null : run.started_at_ms / 1000;
  if (field.startsWith("metrics.")) return spoken(run.metrics[key], definitions[key]);
  if (field.startsWith("tags.")) return run.tags[key] ?? null;
  if (!field.startsWith("params.")) return ((run as unknown as Record<string, unknown>)[field] as string | null) || null;
  const given = run.params[key];
  if (given === null || given === undefined) return null;
  if (typeof given === "number") return given;
  if (typeof given === "string" && given.trim() !== "" && Number.isFinite(Number(given))) return Number(given);
  return value(given);
}

export const titleOf = (field: string): string => (field === "duration" ? "duration (s)" : field.replace(/^(params|metrics|tags)\./, ""));

/** Fields to choose from, by family; those that are the same in all runs are left out. */
export function fieldsOf(set: Compared): [string, string[]][] {
  const tags = [...new Set(set.runs.flatMap((run) => Object.keys(run.tags)))].sort().filter((key) => new Set(set.runs.map((run) => run.tags[key])).size > 1);
  return [["Metrics", set.keys.filter((key) => !key.startsWith("system/")).map((key) => `metrics.${key}`)], ["Params", set.varying.map((key) => `params.${key}`)], ["Tags", tags.map((key) => `tags.${key}`)], ["Run", ["duration", "started", "group", "state", "user", "host", "project", "kind"].filter((key) => key === "duration" || key === "started" || new Set(set.runs.map((run) => (run as unknown as Record<string, unknown>)[key])).size > 1)]];
}

export interface Groups {
  /** Group name to ids of shown runs. */
  members: Map<string, string[]>;
  pens: Map<string, Pen>;
  /** Each run in the pen of its group. */
  byRun: Map<string, Pen>;
}

/** The shown runs by the value of a field; null when there is none to group by. */
export function groupsOf(set: Compared, field: string): Groups | null {
  if (!field) return null;
  const members = new Map<string, string[]>();
  const title = titleOf(field);
  for (const run of set.shown) {
    const of = fieldOf(run, field, set.definitions);
    const name = `${title} ${of === null ? "none" : typeof of === "number" ? number(of) : of}`;
    members.set(name, [...(members.get(name) ?? []), run.id]);
  }
  const sorted = new Map([...members].sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true })));
  const pens = new Map([...sorted.keys()].map((name, n) => [name, pen(n)]));
  return { members: sorted, pens, byRun: new Map([...sorted].flatMap(([name, ids]) => ids.map((id): [string, Pen] => [id, pens.get(name)!]))) };
}
