// The steps in time: waiting for others, for their turn, and running. A step that fans out opens to its items, which are
// loaded as they come into sight.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { get, withQuery } from "../../kit/api";
import { Badge, colourOf } from "../../kit/badge";
import { duration, now } from "../../kit/format";
import { Glyph } from "../../kit/glyphs";
import { Rows } from "../../kit/rows";
import { inOrder } from "../../nouns/pipelines";
import type { PipelineRunSteps, PlacePage } from "../../wire";

const PAGE = 200;
const TICKS = 6;

interface Bar {
  key: string;
  state: string;
  ready: number | null;
  start: number | null;
  end: number | null;
  attempts: number;
  error?: string | null | undefined;
}

/** Pages of items of a step, loaded as asked for and read anew when `turn` changes. */
export function useItems(run: string, query: Record<string, string | number | undefined>, turn: unknown) {
  const [pages, setPages] = useState<Map<number, PlacePage>>(new Map());
  const [total, setTotal] = useState<number | null>(null);
  const asked = useRef(new Set<number>());
  const about = JSON.stringify([run, query]);
  const current = useRef(about);
  current.current = about;
  const load = (page: number) => {
    if (asked.current.has(page)) return;
    asked.current.add(page);
    void get<PlacePage>(withQuery(`/pipelines/runs/${run}/places`, { ...query, offset: page * PAGE, limit: PAGE }))
      .then((found) => {
        if (current.current !== about) return;
        setTotal(found.total);
        setPages((old) => new Map(old).set(page, found));
      })
      .catch(() => asked.current.delete(page));
  };
  const last = useRef<[number, number]>([0, 0]);
  const seen = (first: number, end: number) => {
    last.current = [first, end];
    for (let page = Math.max(0, Math.floor(first / PAGE)); page <= Math.floor(Math.max(0, end - 1) / PAGE); page++) load(page);
  };
  useEffect(() => {
    asked.current.clear();
    setPages(new Map());
    setTotal(null);
    load(0);
  }, [about]);
  useEffect(() => {
    asked.current.clear();
    seen(...last.current);
  }, [turn]);
  const at = (n: number): Bar | undefined => {
    const page = pages.get(Math.floor(n / PAGE));
    const i = n % PAGE;
    const { keys, states, ready, start, end, attempts } = page?.items ?? { keys: [], states: [], ready: [], start: [], end: [], attempts: [] };
    return keys[i] === undefined ? undefined : { key: keys[i], state: states[i]!, ready: ready[i]!, start: start[i]!, end: end[i]!, attempts: attempts[i]!, error: page?.errors[i] };
  };
  return { total, at, seen };
}

export function Timeline({ of, chosen, choose, turn }: { of: PipelineRunSteps; chosen: string; choose: (key: string) => void; turn: unknown }) {
  const [open, setOpen] = useState("");
  const { keys, states, ready, start, end, attempts } = of.steps;
  const span = Math.max(1, (of.run.ended_at_ms ?? now.value) - of.from_ms, ...end.map((one) => one ?? 0));
  const counts = of.items[open] ?? {};
  const inside = Object.values(counts).reduce((a, b) => a + b, 0);
  const items = useItems(of.run.id, { step: open || keys[0]! }, open ? turn : 0);
  const at = keys.indexOf(open);
  const count = keys.length + (open ? inside : 0);
  const target = useMemo(() => (chosen.includes("[") ? -1 : keys.indexOf(chosen) + (open && keys.indexOf(chosen) > at ? inside : 0)), [chosen, open]);
  const bar = (n: number): { bar: Bar | undefined; deep: boolean; n: number } => {
    if (!open || n <= at) return { bar: stepAt(n), deep: false, n };
    if (n <= at + inside) return { bar: items.at(n - at - 1), deep: true, n: n - at - 1 };
    return { bar: stepAt(n - inside), deep: false, n: n - inside };
  };
  const stepAt = (n: number): Bar => ({ key: keys[n]!, state: states[n]!, ready: ready[n]!, start: start[n]!, end: end[n]!, attempts: attempts[n]! });
  return (
    <div class="gantt">
      <div class="ganttaxis" aria-hidden="true"><span /><span class="ticks">{Array.from({ length: TICKS }, (_, i) => <span key={i} style={{ left: `${(100 * i) / (TICKS - 1)}%` }}>{i ? duration((span * i) / (TICKS - 1)) : "0"}</span>)}</span><span /></div>
      <Rows count={count} height={26} label="When each step ran" to={target} seen={(first, last) => open && last > at && items.seen(Math.max(0, first - at - 1), Math.min(inside, last - at))}>
        {(n) => {
          const { bar: one, deep } = bar(n);
          if (!one) return <span class="faint" style={{ paddingLeft: "32px" }}>…</span>;
          const fans = !deep && one.key in of.items;
          return (
            <div class={`line${one.key === chosen ? " chosen" : ""}`}>
              <span class="name" style={deep ? { paddingLeft: "22px" } : {}}>
                {fans ? <button type="button" class="fold" aria-expanded={open === one.key} aria-label={`Items of ${one.key}`} onClick={() => setOpen(open === one.key ? "" : one.key)}><Glyph name={open === one.key ? "down" : "right"} size={12} /></button> : <span class="fold" />}
                <button type="button" aria-pressed={one.key === chosen} title={one.error ?? one.key} onClick={() => choose(one.key)}><Badge state={one.state} word="" /><span class="cut">{one.key}{fans ? ` × ${Object.values(of.items[one.key]!).reduce((a, b) => a + b, 0).toLocaleString("en-US")}` : ""}</span></button>
              </span>
              <Drawn of={one} span={span} until={now.value - of.from_ms} counts={fans ? of.items[one.key] : undefined} />
              <span class="took">{one.start === null || one.state === "cached" || one.state === "skipped" ? one.state : duration((one.end ?? now.value - of.from_ms) - one.start)}</span>
            </div>
          );
        }}
      </Rows>
      <p class="legend" style={{ marginTop: "6px" }}>
        <span><i style={{ height: "1px", background: "var(--line-strong)" }} />waits for other steps</span><span><i style={{ height: "3px", background: "var(--line-strong)" }} />waits for its turn</span>
        {["running", "finished", "failed"].map((state) => <span key={state}><i style={{ height: "10px", borderRadius: "2px", background: colourOf(state) }} />{state}</span>)}
      </p>
    </div>
  );
}

function Drawn({ of, span, until, counts }: { of: Bar; span: number; until: number; counts?: Record<string, number> | undefined }) {
  const place = (from: number, to: number) => ({ left: `${(100 * from) / span}%`, width: `${(100 * Math.max(0, to - from)) / span}%` });
  const begun = of.start ?? (of.state === "ready" ? until : of.ready);
  const ran = of.start !== null && of.state !== "skipped" && of.state !== "cached";
  const end = of.end ?? until;
  const says = [of.state, of.ready !== null ? `ready after ${duration(of.ready)}` : "", ran && of.ready !== null ? `waited ${duration(Math.max(0, of.start! - of.ready))} for its turn` : "", of.attempts > 1 ? `${of.attempts} attempts` : "", counts ? inOrder(counts).map(([state, n]) => `${n} ${state}`).join(", ") : "", of.error ?? ""].filter(Boolean).join(" · ");
  return (
    <span class="bar" title={says}>
      {of.ready !== null && of.ready > 0 ? <i class="wait" style={place(0, of.ready)} /> : null}
      {of.ready !== null && begun !== null && begun > of.ready && of.state !== "skipped" ? <i class="queue" style={place(of.ready, begun)} /> : null}
      {ran ? <i style={{ ...place(of.start!, end), background: colourOf(of.state) }} /> : of.state === "cached" && of.end !== null ? <i style={{ ...place(of.end, of.end), background: colourOf("cached") }} /> : null}
    </span>
  );
}
