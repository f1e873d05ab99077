// A chart of one metric of some runs: read when it comes into sight, and again when points arrive or one zooms.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { posed, useResource } from "../kit/api";
import { Chart, type ChartProps, type Line } from "../kit/chart";
import { number } from "../kit/format";
import { pen as penOf, type Pen } from "../kit/theme";
import type { Drawing } from "../wire";

/** What curves are drawn over; `metric:epoch` is another metric. */
export type Against = "step" | "time" | "elapsed" | `metric:${string}`;

export interface Look {
  x: Against;
  log: boolean;
  logX?: boolean;
  smooth: number;
  zoom: [number, number] | null;
  /** false hides the band from smallest to largest. */
  envelope?: boolean;
  /** Names to run ids: a line is then the mean of a group, in the pen of that name. */
  groups?: Map<string, string[]> | undefined;
  band?: "std" | "minmax";
}

export function CurveChart({ metric, runs, away, pens, names, look, setZoom, live, height, choices, tools, title }: {
  metric: string; runs: string[]; pens: Map<string, Pen>; names: Map<string, string>; look: Look; setZoom: (zoom: [number, number] | null) => void;
  /** Of the runs: read with the others but not drawn, so that showing them again asks for nothing. */
  away?: Set<string> | undefined;
  live: boolean; height?: number; choices?: ChartProps["choices"]; tools?: preact.ComponentChildren; title?: string;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(false);
  useEffect(() => {
    const watch = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && (setNear(true), watch.disconnect()), { rootMargin: "300px" });
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);
  const question = useMemo(() => posed("/compare/draw", {
    runs, key: metric, x: look.x, buckets: runs.length > 100 ? 240 : runs.length > 20 ? 400 : 800,
    ...(look.zoom ? { low: look.zoom[0], high: look.zoom[1] } : {}), ...(look.envelope === false ? { envelope: false } : {}),
    ...(look.groups ? { groups: Object.fromEntries(look.groups), band: look.band ?? "std" } : {}),
  }), [runs, metric, look.x, look.zoom?.[0], look.zoom?.[1], look.envelope, look.groups, look.band]);
  const drawing = useResource<Drawing>(near && runs.length ? question : null, live ? (event) => event.topic === "series" && runs.includes(event.id) : undefined);
  const lines = useMemo(() => linesOf(drawing.data, pens, names, look.groups !== undefined).filter((line) => !away?.has(line.id)), [drawing.data, pens, names, look.groups, away]);
  const props: ChartProps = {
    title: title ?? metric, lines, x: look.x.startsWith("metric:") ? "value" : (look.x as "step" | "time" | "elapsed"), xName: look.x.replace(/^metric:/, ""), log: look.log, logX: look.logX, smooth: look.smooth,
    zoom: look.zoom, setZoom, sync: `curves-${look.x}`, stale: drawing.stale, waiting: runs.length > 0 && !drawing.data && !drawing.problem,
    now: runs.length === 1 && lines[0] ? number(lines[0].ys.findLast((y) => y !== null)) : undefined, choices, tools,
    ...(height ? { height } : {}),
  };
  return <div ref={box}>{near ? <Chart {...props} /> : <div style={{ height: `${(height ?? 200) + 24}px` }} />}</div>;
}

function linesOf(drawing: Drawing | undefined, pens: Map<string, Pen>, names: Map<string, string>, grouped: boolean): Line[] {
  return (drawing?.lines ?? []).map((line, n): Line => ({
    id: line.id, label: `${names.get(line.id) ?? line.id}${line.runs > 1 ? ` (${line.runs})` : ""}`, pen: pens.get(line.id) ?? penOf(n),
    xs: drawing!.axes[line.axis]!, ys: line.ys, min: line.low ?? undefined, max: line.high ?? undefined, total: line.total, grouped,
  }));
}
