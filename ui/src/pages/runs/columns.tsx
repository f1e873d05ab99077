// Which columns the runs table has: found by name, taken in, moved, pinned; kept in the URL and, on request, for the project.
import { useState } from "preact/hooks";
import { call } from "../../kit/api";
import { toast } from "../../kit/dialog";
import { Glyph } from "../../kit/glyphs";
import { setQuery } from "../../kit/router";
import { byWeight, FIXED_COLUMNS } from "../../nouns/runs";
import type { RunKeys, RunRow, ViewList } from "../../wire";

const VIEW = "runs-table";

/** A column as the URL writes it: `!` before one that is pinned. */
export interface Chosen {
  key: string;
  pinned: boolean;
}

export const PARTS = ["last", "best", "min", "max", "mean"] as const;
type Part = (typeof PARTS)[number];

const pinnedFirst = (columns: Chosen[]): Chosen[] => [...columns].sort((a, b) => Number(b.pinned) - Number(a.pinned));

export const readColumns = (text: string): Chosen[] =>
  pinnedFirst(text.split(",").filter(Boolean).map((one) => ({ key: decoded(one.replace(/^!/, "")), pinned: one.startsWith("!") })));

export const writeColumns = (columns: Chosen[]): string =>
  pinnedFirst(columns).map((one) => `${one.pinned ? "!" : ""}${one.key.replace(/[%,!]/g, encodeURIComponent)}`).join();

/** A key of a URL written by hand may hold a lone %. */
function decoded(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/** The columns kept for a project; null when nobody kept any. */
export function keptColumns(views: ViewList | undefined): Chosen[] | null {
  const content = views?.items.find((view) => view.page === "runs" && view.name === VIEW)?.content as { columns?: unknown } | undefined;
  return typeof content?.columns === "string" && content.columns ? readColumns(content.columns) : null;
}

/** Columns when nobody chose: what every run has, then a few metrics and params. */
export function usualColumns(keys: RunKeys | undefined, project: string, kind: string): Chosen[] {
  const metrics = (keys?.metrics ?? []).filter((key) => !key.startsWith("system/")).sort(byWeight).slice(0, 4);
  const params = (keys?.params ?? []).slice(0, 4);
  return ["state", ...(project ? [] : ["project"]), ...(kind ? [] : ["kind"]), "started", "duration", ...metrics.map((key) => `metrics.${key}`), ...params.map((key) => `params.${key}`)].map((key) => ({ key, pinned: false }));
}

/** The metric and the part of its summary that a column shows; null for other columns. */
export function metricOf(key: string): { name: string; part: Part } | null {
  if (key.startsWith("metrics.")) return { name: key.slice(8), part: "last" };
  if (key.startsWith("best.")) return { name: key.slice(5), part: "best" };
  const found = /^summary\.(.+)\.(min|max|mean)$/s.exec(key);
  return found ? { name: found[1]!, part: found[2] as Part } : null;
}

const columnOfMetric = (name: string, part: Part): string => (part === "last" ? `metrics.${name}` : part === "best" ? `best.${name}` : `summary.${name}.${part}`);

/** What a run has in a column of a param, a metric or a tag, to find out which columns say something. */
export function valueIn(run: RunRow, key: string): unknown {
  const metric = metricOf(key);
  if (metric) return run.metrics[metric.name]?.[metric.part === "best" ? "last" : metric.part];
  const name = key.slice(key.indexOf(".") + 1);
  return (key.startsWith("params.") ? run.params : run.tags)[name];
}

export function moved(columns: Chosen[], key: string, to: string): Chosen[] {
  const [from, at] = [columns.findIndex((one) => one.key === key), columns.findIndex((one) => one.key === to)];
  if (from < 0 || at < 0) return columns;
  const rest = columns.filter((one) => one.key !== key);
  rest.splice(at, 0, { key, pinned: columns[at]!.pinned });
  return rest;
}

export function ChooseColumns({ keys, shown, project }: { keys: RunKeys | undefined; shown: Chosen[]; project: string }) {
  const [text, setText] = useState("");
  const set = (next: Chosen[]) => setQuery({ columns: writeColumns(next) });
  const has = new Set(shown.map((one) => one.key));
  const metrics = new Set(shown.flatMap((one) => metricOf(one.key)?.name ?? []));
  const groups: [string, { key: string; title: string; on: boolean }[]][] = [
    ["Attributes", FIXED_COLUMNS.filter((one) => one.key !== "name").map((one) => ({ ...one, on: has.has(one.key) }))],
    ["Metrics", (keys?.metrics ?? []).map((key) => ({ key: `metrics.${key}`, title: key, on: metrics.has(key) }))],
    ["Params", (keys?.params ?? []).map((key) => ({ key: `params.${key}`, title: key, on: has.has(`params.${key}`) }))],
    ["Tags", (keys?.tags ?? []).map((key) => ({ key: `tags.${key}`, title: key, on: has.has(`tags.${key}`) }))],
  ];
  const toggle = (key: string, on: boolean) => {
    const name = metricOf(key)?.name;
    set(on ? shown.filter((one) => one.key !== key && (name === undefined || metricOf(one.key)?.name !== name)) : [...shown, { key, pinned: false }]);
  };
  const keep = async () => {
    try {
      await call("PUT", `/views/${VIEW}`, { project, page: "runs", content: { columns: writeColumns(shown) } });
      setQuery({ columns: null });
      toast(`The runs of ${project} now have these columns, for everyone.`);
    } catch (error) {
      toast((error as Error).message, "bad");
    }
  };
  return (
    <div class="choosecolumns">
      <input class="input" type="text" aria-label="Find a column" placeholder="Find a column" value={text} onInput={(event) => setText(event.currentTarget.value)} />
      {text ? null : (
        <div role="group" aria-label="Shown">
          <div class="group">Shown, in this order</div>
          {shown.map((one, i) => <Line key={one.key} one={one} before={shown[i - 1]} after={shown[i + 1]} set={(next) => set(shown.flatMap((other) => (other === one ? next ?? [] : [other])))} move={(to) => set(moved(shown, one.key, to))} />)}
        </div>
      )}
      {groups.map(([title, items]) => {
        const found = items.filter((item) => item.title.toLowerCase().includes(text.toLowerCase())).slice(0, 200);
        return found.length ? (
          <div role="group" aria-label={title} key={title}>
            <div class="group">{title}</div>
            {found.map((item) => <label class="choice" key={item.key}><input type="checkbox" checked={item.on} onChange={() => toggle(item.key, item.on)} /><span class="cut">{item.title}</span></label>)}
          </div>
        ) : null;
      })}
      <div class="group">Keep</div>
      {project ? <button type="button" class="choice" onClick={() => void keep()}>Keep these for {project}, for everyone</button> : null}
      <button type="button" class="choice" onClick={() => setQuery({ columns: null })}>{project ? "Back to the columns kept" : "Back to the usual columns"}</button>
    </div>
  );
}

function Line({ one, before, after, set, move }: { one: Chosen; before: Chosen | undefined; after: Chosen | undefined; set: (next: Chosen | null) => void; move: (to: string) => void }) {
  const metric = metricOf(one.key);
  const title = metric?.name ?? FIXED_COLUMNS.find((fixed) => fixed.key === one.key)?.title ?? one.key.slice(one.key.indexOf(".") + 1);
  return (
    <div class="columnline" role="group" aria-label={title}>
      <span class="cut grow" title={one.key}>{title}</span>
      {metric ? (
        <select class="input" aria-label={`Value of ${title}`} value={metric.part} onChange={(event) => set({ ...one, key: columnOfMetric(metric.name, event.currentTarget.value as Part) })}>
          {PARTS.map((part) => <option key={part} value={part}>{part}</option>)}
        </select>
      ) : null}
      <button type="button" class="button bare icon" aria-label={`Pin ${title}`} title="Keep in sight at the left" aria-pressed={one.pinned} onClick={() => set({ ...one, pinned: !one.pinned })}><Glyph name="pin" size={14} /></button>
      <button type="button" class="button bare icon" aria-label={`Move ${title} to the left`} disabled={!before} onClick={() => before && move(before.key)}><Glyph name="up" size={14} /></button>
      <button type="button" class="button bare icon" aria-label={`Move ${title} to the right`} disabled={!after} onClick={() => after && move(after.key)}><Glyph name="down" size={14} /></button>
      <button type="button" class="button bare icon" aria-label={`Take out ${title}`} onClick={() => set(null)}><Glyph name="close" size={14} /></button>
    </div>
  );
}
