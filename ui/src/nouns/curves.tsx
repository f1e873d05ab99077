// A chart of one metric of some runs: read when it comes into sight, and again when points arrive or one zooms.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useResource, withQuery } from "../kit/api";
import { Chart, type ChartProps, type Line } from "../kit/chart";
import { number } from "../kit/format";
import { type Pen } from "../kit/theme";
import type { Curve, CurveSet } from "../wire";

export type Against = "step" | "time" | "elapsed";

export interface Look {
  x: Against;
  log: boolean;
  smooth: number;
  zoom: [number, number] | null;
}

export function CurveChart({ metric, runs, pens, names, look, setZoom, live, height, tools }: {
  metric: string; runs: string[]; pens: Map<string, Pen>; names: Map<string, string>; look: Look; setZoom: (zoom: [number, number] | null) => void;
  live: boolean; height?: number; tools?: preact.ComponentChildren;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(false);
  useEffect(() => {
    const watch = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && (setNear(true), watch.disconnect()), { rootMargin: "300px" });
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);
  const steps = look.x === "step" ? look.zoom : null;
  const path = withQuery("/curves", { runs: runs.join(), key: metric, buckets: 800, min_step: steps ? Math.floor(steps[0]) : undefined, max_step: steps ? Math.ceil(steps[1]) : undefined });
  const curves = useResource<CurveSet>(near && runs.length ? path : null, live ? (event) => event.topic === "series" && runs.includes(event.id) : undefined);
  const lines = useMemo(() => (curves.data?.curves ?? []).flatMap((curve): Line[] => {
    const pen = pens.get(curve.run_id);
    return pen ? [lineOf(curve, pen, names.get(curve.run_id) ?? curve.run_id, look)] : [];
  }), [curves.data, pens, names, look.x, look.zoom?.[0], look.zoom?.[1]]);
  const props: ChartProps = {
    title: metric, lines, x: look.x, log: look.log, smooth: look.smooth, zoom: look.zoom, setZoom, sync: `curves-${look.x}`, stale: curves.stale,
    now: runs.length === 1 && lines[0] ? number(lines[0].ys.findLast((y) => y !== null)) : undefined, tools,
    ...(height ? { height } : {}),
  };
  return <div ref={box}>{near ? <Chart {...props} /> : <div style={{ height: `${(height ?? 200) + 24}px` }} />}</div>;
}

function lineOf(curve: Curve, pen: Pen, label: string, look: Look): Line {
  let from = 0;
  let to = curve.steps.length;
  const start = curve.times_ms[0] ?? 0;
  const xs = look.x === "step" ? curve.steps : look.x === "time" ? curve.times_ms.map((ms) => ms / 1000) : curve.times_ms.map((ms) => (ms - start) / 1000);
  if (look.zoom && look.x !== "step") {
    while (from < to && xs[from]! < look.zoom[0]) from++;
    while (to > from && xs[to - 1]! > look.zoom[1]) to--;
  }
  const cut = <T,>(items: T[]): T[] => (from || to < items.length ? items.slice(from, to) : items);
  return {
    id: curve.run_id, label, pen, xs: rising(cut(xs)), ys: cut(curve.exact ? curve.last : curve.mean), total: curve.total,
    min: curve.exact ? undefined : cut(curve.min), max: curve.exact ? undefined : cut(curve.max),
  };
}

/** uPlot wants x to grow; points of the same step or an earlier time are set a hair later. */
function rising(xs: number[]): number[] {
  let last = -Infinity;
  return xs.some((x, i) => i > 0 && x <= xs[i - 1]!) ? xs.map((x) => (last = x > last ? x : last + Math.max(1e-6, Math.abs(last) * 1e-12))) : xs;
}
