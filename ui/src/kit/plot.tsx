// What uPlot draws of a chart: lines, bands, cursor and tip. Hundreds of lines stay smooth: a move of the pointer draws
// only the nearest line again, on a layer of its own.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { number } from "./format";
import { lamp } from "./lamp";
import { smoothed } from "./smooth";
import { incrementsOf, room, thinned, xText, xTick, type Across } from "./ticks";
import { paint, painted, type Pen } from "./theme";

export interface Line {
  id: string;
  label: string;
  pen: Pen;
  xs: number[];
  ys: (number | null)[];
  /** Of all points a pixel stands for, or the band of a group; none where each point is drawn. */
  min?: (number | null)[] | undefined;
  max?: (number | null)[] | undefined;
  /** Points there are in all. */
  total?: number;
  /** The band is of a group of runs and is smoothed with its mean; else it holds real points and stays. */
  grouped?: boolean;
}

export interface PlotProps {
  title: string;
  lines: Line[];
  x: Across;
  /** Names of the places on the x axis, for x "window". */
  names?: string[] | undefined;
  log: boolean;
  logX?: boolean | undefined;
  smooth: number;
  zoom?: [number, number] | null | undefined;
  setZoom?: ((zoom: [number, number] | null) => void) | undefined;
  sync?: string | undefined;
  height: number;
  /** A level to draw across, like a threshold. */
  level?: number | null | undefined;
  /** Stretches of x to shade, from and to: while something was wrong. */
  spans?: [number, number][] | undefined;
  dots?: boolean | undefined;
  empty: boolean;
  /** What is to be drawn has not come yet. */
  waiting?: boolean | undefined;
  /** Told of the plot that is there, for taking it away as a picture. */
  made?: ((plot: uPlot | null) => void) | undefined;
}

/** Above this many lines each is drawn thinner, has no point of its own at the cursor, and no raw line under it. */
const MANY = 24;
const TOLD = 10;

interface Tip {
  left: number;
  at: string;
  rows: [Line, number][];
  more: number;
}

type Bundle = ReturnType<typeof build>;

export function Plot(props: PlotProps) {
  const { lines, x, log, height } = props;
  const smooth = useSettled(props.smooth, lines.length > MANY ? 120 : 0);
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [tip, setTip] = useState<Tip | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const colours = painted.value;

  const bundle = useMemo(() => build(lines, log, props.logX ?? false, smooth, props.dots ?? false), [lines, log, props.logX, smooth, colours, props.dots]);
  const drawn = useRef(bundle);
  drawn.current = bundle;
  const form = `${x}|${log}|${props.logX}|${height}|${colours}|${lines.map((line) => `${line.id}${line.min ? "b" : ""}${line.grouped ? "g" : ""}${line.pen.token}${line.pen.dashed}`).join()}|${smooth > 0}|${props.level ?? ""}|${props.spans?.join(";") ?? ""}|${props.names?.length ?? ""}`;

  useEffect(() => {
    const element = box.current;
    if (!element || props.empty) return;
    const u = new uPlot(options(latest, drawn, element, setTip), bundle.data as uPlot.AlignedData, element);
    plot.current = u;
    latest.current.made?.(u);
    const watch = new ResizeObserver(() => u.width !== element.clientWidth && element.clientWidth > 0 && u.setSize({ width: element.clientWidth, height }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      latest.current.made?.(null);
      u.destroy();
      plot.current = null;
    };
  }, [form, props.empty]);
  useEffect(() => {
    if (plot.current && plot.current.data !== (bundle.data as uPlot.AlignedData)) plot.current.setData(bundle.data as uPlot.AlignedData);
  }, [bundle]);

  const step = (event: KeyboardEvent) => {
    const u = plot.current;
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!u || !by) return;
    event.preventDefault();
    const xs = u.data[0];
    const at = Math.min(xs.length - 1, Math.max(0, (u.cursor.idx ?? (by > 0 ? -1 : xs.length)) + by));
    u.setCursor({ left: u.valToPos(xs[at]!, "x"), top: height / 3 });
  };
  const width = box.current?.clientWidth ?? 0;
  return (
    <div class="plot" ref={box} style={{ height: `${height}px` }} tabIndex={props.empty ? -1 : 0} role="img" aria-label={`Curve of ${props.title}. Arrow keys move along it.`} onKeyDown={step} onBlur={() => setTip(null)}>
      {props.empty && !props.waiting ? <div class="nothing">{!props.zoom && lines.some((line) => line.ys.length) ? "Only NaN or infinity" : `No points${props.zoom ? " here" : " yet"}`}</div> : null}
      {tip ? (
        <div class="tip" style={tip.left > width / 2 ? { right: `${width - tip.left + 12}px`, top: "4px" } : { left: `${tip.left + 12}px`, top: "4px" }}>
          <div class="soft">{tip.at}</div>
          {tip.rows.map(([line, y], i) => (
            <div class={`line${tip.more && i === 0 ? " first" : ""}`} key={line.id}><span class={`swatch${line.pen.dashed ? " dashed" : ""}`} style={{ borderColor: line.pen.css }} /><span class="cut">{lines.length > 1 ? line.label : ""}</span><b>{number(y)}</b></div>
          ))}
          {tip.more ? <div class="faint">and {tip.more} more</div> : null}
        </div>
      ) : null}
    </div>
  );
}

/** A value that is moved by hand, once it rests: hundreds of lines are not drawn again for each step of a slider. */
function useSettled<T>(value: T, after_ms: number): T {
  const [now, setNow] = useState(value);
  useEffect(() => {
    if (!after_ms || now === value) return void setNow(value);
    const timer = window.setTimeout(() => setNow(value), after_ms);
    return () => window.clearTimeout(timer);
  }, [value, after_ms]);
  return after_ms ? now : value;
}

/** One x column and a y column a line, on the union of their places. */
export function aligned(tables: [number[], (number | null)[]][]): (number | null)[][] {
  if (!tables.length) return [[]];
  const first = tables[0]![0];
  const same = tables.every(([xs]) => xs === first || (xs.length === first.length && xs.every((v, i) => v === first[i])));
  if (same) return [first, ...tables.map(([, ys]) => ys)];
  return uPlot.join(tables as unknown as uPlot.AlignedData[]) as unknown as (number | null)[][];
}

function build(lines: Line[], log: boolean, logX: boolean, smooth: number, dots: boolean) {
  const tables: [number[], (number | null)[]][] = [];
  const series: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  const mains: [number, Line][] = [];
  const many = lines.length > MANY;
  const span = lines.reduce((most, line) => Math.max(most, (line.xs.at(-1) ?? 0) - (line.xs[0] ?? 0)), 0);
  const fit = (ys: (number | null)[]) => (log ? ys.map((y) => (y !== null && y > 0 ? y : null)) : ys);
  const add = (line: Line, ys: (number | null)[], more: uPlot.Series): number => {
    const from = logX ? line.xs.findIndex((v) => v > 0) : 0;
    tables.push(from > 0 ? [line.xs.slice(from), fit(ys).slice(from)] : from < 0 ? [[], []] : [line.xs, fit(ys)]);
    series.push({ spanGaps: true, ...more });
    return tables.length;
  };
  for (const line of lines) {
    const colour = paint(line.pen.token);
    const few = dots || line.xs.length === 1;
    if (line.min && line.max) {
      const soft = (ys: (number | null)[]) => (smooth > 0 && line.grouped ? smoothed(line.xs, ys, smooth, span || 1) : ys);
      const low = add(line, soft(line.min), { width: 0, points: { show: false } });
      const high = add(line, soft(line.max), { width: 0, points: { show: false } });
      bands.push({ series: [high, low], fill: translucent(colour, 0.16) });
    }
    if (smooth > 0 && !many && !line.grouped) add(line, line.ys, { stroke: translucent(colour, 0.28), width: 1, points: { show: false } });
    const at = add(line, smooth > 0 ? smoothed(line.xs, line.ys, smooth, span || 1) : line.ys, {
      stroke: many ? translucent(colour, 0.62) : colour, width: many ? 1 : 1.6, points: { show: few, size: 5, fill: colour, stroke: colour }, ...(line.pen.dashed && !many ? { dash: [5, 3] } : {}),
    });
    mains.push([at, line]);
  }
  return { data: aligned(tables), series, bands, mains, many };
}

export function translucent(colour: string, alpha: number): string {
  const parts = colour.match(/[\d.]+/g);
  return parts && colour.startsWith("rgb") ? `rgb(${parts[0]} ${parts[1]} ${parts[2]} / ${alpha})` : `color-mix(in srgb, ${colour} ${alpha * 100}%, transparent)`;
}

function options(latest: { current: PlotProps }, drawn: { current: Bundle }, element: HTMLElement, setTip: (tip: Tip | null) => void): uPlot.Options {
  const { x, log, logX, height, names, level, sync } = latest.current;
  const { series, bands, mains, many } = drawn.current;
  const axis = { stroke: paint("--faint"), font: "11px Inter Variable, sans-serif", grid: { stroke: paint("--line"), width: 1 }, ticks: { show: false } };
  const xs: uPlot.Axis = { ...axis, size: 24, gap: 4, space: x === "elapsed" ? 58 : 50, grid: { show: false }, values: (_u, ticks, _at, _space, by) => ticks.map((v) => (v === null ? "" : xTick(v, x, names, by))) };
  if (x === "window") xs.splits = (u) => thinned(u.data[0] as number[], Math.max(2, Math.floor(u.width / 80)));
  else if (!logX && incrementsOf(x)) xs.incrs = incrementsOf(x)!;
  const light = many ? lamp(element) : null;
  return {
    width: element.clientWidth, height, series, bands,
    padding: [6, x === "window" ? 22 : 8, 0, 0], // half of a window's name
    legend: { show: false },
    scales: {
      x: logX ? { time: false, distr: 3 } : { time: x === "time", range: (_u: uPlot, low: number, high: number) => (low === high ? [low - 1, high + 1] : x === "window" ? [low - 0.15, high + 0.15] : latest.current.zoom ?? [low, high]) },
      y: { distr: log ? 3 : 1, ...(log ? {} : { range: (_u: uPlot, low: number, high: number) => room(low, high, latest.current.level) }) },
    },
    axes: [xs, { ...axis, size: (_u, ticks) => Math.max(32, ...(ticks ?? []).map((t) => 10 + String(t).length * 6.6)), gap: 5, values: (_u, ticks) => ticks.map((v) => (v === null ? "" : number(v))) }],
    cursor: {
      sync: sync ? { key: sync, setSeries: false } : undefined,
      drag: { x: latest.current.setZoom !== undefined, y: false, setScale: false },
      points: { size: 6, show: (u, at) => !many && mains.some(([n]) => n === at) ? dot(u, series[at]!) : (undefined as unknown as HTMLElement) },
      ...(many ? {} : { dataIdx: (u: uPlot, at: number, hovered: number) => nearest(u.data[at] as (number | null)[], hovered) }),
    } as uPlot.Cursor,
    hooks: {
      setCursor: [(u) => {
        const at = u.cursor.idx;
        const here = element.matches(":hover, :focus");
        if (at === null || at === undefined || u.cursor.left === undefined || u.cursor.left < 0 || (many && !here)) {
          light?.clear();
          return setTip(null);
        }
        const rows = drawn.current.mains.flatMap(([n, line]): [Line, number, number][] => {
          const column = u.data[n] as (number | null)[] | undefined;
          if (!column) return [];
          const i = many ? nearest(column, at, 24) : u.cursor.idxs?.[n] ?? at;
          const y = column[i];
          return y === null || y === undefined ? [] : [[line, y, n]];
        });
        const left = u.cursor.left + u.bbox.left / devicePixelRatio;
        if (many) {
          const top = u.cursor.top ?? 0;
          const away = new Map(rows.map((row) => [row[2], Math.abs(u.valToPos(row[1], "y") - top)]));
          rows.sort((a, b) => away.get(a[2])! - away.get(b[2])!);
          light?.show(u, rows[0] ? rows[0][2] : null, rows[0] ? paint(rows[0][0].pen.token) : "");
        } else rows.sort((a, b) => b[1] - a[1]);
        const told = many ? 6 : TOLD + 2;
        setTip({ left, at: xText(u.data[0][at]!, x, names), rows: rows.slice(0, told).map(([line, y]) => [line, y]), more: Math.max(0, rows.length - told) });
      }],
      setSelect: [(u) => {
        if (u.select.width > 4) latest.current.setZoom?.([u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x")]);
        u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      }],
      ready: [(u) => u.over.addEventListener("dblclick", () => latest.current.setZoom?.(null))],
      drawClear: latest.current.spans?.length ? [(u) => shade(u, latest.current.spans ?? [])] : [],
      draw: level === null || level === undefined ? [] : [(u) => across(u, level)],
    },
  } as uPlot.Options;
}

function dot(_u: uPlot, series: uPlot.Series): HTMLElement {
  const element = document.createElement("div");
  element.className = "u-cursor-pt";
  element.style.background = String((series as { stroke?: unknown }).stroke ?? "");
  return element;
}

/** The place nearest to `at` that has a value; `reach` says how far to look. */
function nearest(ys: (number | null)[], at: number, reach = Infinity): number {
  if (!ys || ys[at] !== null) return at;
  for (let by = 1; by < ys.length && by <= reach; by++) {
    if (at - by >= 0 && ys[at - by] !== null && ys[at - by] !== undefined) return at - by;
    if (at + by < ys.length && ys[at + by] !== null && ys[at + by] !== undefined) return at + by;
    if (at - by < 0 && at + by >= ys.length) break;
  }
  return at;
}

function shade(u: uPlot, spans: [number, number][]): void {
  const { ctx } = u;
  ctx.save();
  ctx.fillStyle = translucent(paint("--bad"), 0.12);
  for (const [from, to] of spans) {
    const left = Math.max(u.bbox.left, u.valToPos(from, "x", true));
    const right = Math.min(u.bbox.left + u.bbox.width, u.valToPos(to, "x", true));
    if (right > left) ctx.fillRect(left, u.bbox.top, right - left, u.bbox.height);
  }
  ctx.restore();
}

function across(u: uPlot, level: number): void {
  const y = u.valToPos(level, "y", true);
  if (y < u.bbox.top || y > u.bbox.top + u.bbox.height) return;
  const { ctx } = u;
  ctx.save();
  ctx.strokeStyle = paint("--bad");
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  ctx.moveTo(u.bbox.left, y);
  ctx.lineTo(u.bbox.left + u.bbox.width, y);
  ctx.stroke();
  ctx.restore();
}
