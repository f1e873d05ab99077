// A line chart on uPlot: cursors in step, drag to zoom, a faint raw line under the smoothed one, the band from
// smallest to largest where a pixel stands for many points, and the same as a table for readers and tests.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { duration, number } from "./format";
import { Glyph } from "./glyphs";
import { paint, painted, type Pen } from "./theme";

export interface Line {
  id: string;
  label: string;
  pen: Pen;
  xs: number[];
  ys: (number | null)[];
  /** Of all points a pixel stands for; none where each point is drawn. */
  min?: (number | null)[] | undefined;
  max?: (number | null)[] | undefined;
  /** Points there are in all. */
  total?: number;
}

export interface ChartProps {
  title: string;
  lines: Line[];
  x?: "step" | "time" | "elapsed" | "window";
  /** Names of the places on the x axis, for x "window". */
  names?: string[];
  log?: boolean;
  smooth?: number;
  zoom?: [number, number] | null;
  setZoom?: (zoom: [number, number] | null) => void;
  sync?: string;
  height?: number;
  stale?: boolean;
  now?: string | undefined;
  /** A level to draw across, like a threshold. */
  level?: number | null;
  dots?: boolean;
  tools?: preact.ComponentChildren;
}

export function Chart(props: ChartProps) {
  const { title, lines, x = "step", log = false, smooth = 0, height = 200 } = props;
  const [asTable, setAsTable] = useState(false);
  const empty = lines.every((line) => line.ys.every((y) => y === null));
  return (
    <figure class={`chart${props.stale ? " stale" : ""}`} aria-label={title}>
      <header>
        <figcaption class="cut" title={title}>{title}</figcaption>
        {log ? <span class="faint">log</span> : null}
        {props.now ? <span class="now">{props.now}</span> : <span class="now" />}
        {props.zoom ? <button type="button" class="button bare icon" aria-label={`Show all of ${title}`} title="Show all" onClick={() => props.setZoom?.(null)}><Glyph name="fit" size={14} /></button> : null}
        <button type="button" class="button bare icon" aria-label={`${title} as a table`} title="As a table" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}><Glyph name="table" size={14} /></button>
        {props.tools}
      </header>
      <Plot {...props} x={x} log={log} smooth={smooth} height={height} empty={empty} />
      <table class="sr">
        <caption>{title}</caption>
        <thead><tr><th scope="col">Line</th><th scope="col">Points</th><th scope="col">First</th><th scope="col">Last</th><th scope="col">Smallest</th><th scope="col">Largest</th></tr></thead>
        <tbody>{lines.map((line) => <Summary key={line.id} line={line} />)}</tbody>
      </table>
      {asTable ? <Numbers lines={lines} x={x} names={props.names} title={title} /> : null}
    </figure>
  );
}

function Summary({ line }: { line: Line }) {
  const seen = line.ys.filter((y): y is number => y !== null);
  const low = (line.min ?? line.ys).filter((y): y is number => y !== null);
  const high = (line.max ?? line.ys).filter((y): y is number => y !== null);
  return (
    <tr>
      <th scope="row">{line.label}</th>
      <td>{line.total ?? line.ys.length}</td><td>{number(seen[0])}</td><td>{number(seen.at(-1))}</td>
      <td>{number(low.length ? low.reduce((a, b) => Math.min(a, b)) : null)}</td>
      <td>{number(high.length ? high.reduce((a, b) => Math.max(a, b)) : null)}</td>
    </tr>
  );
}

function Numbers({ lines, x, names, title }: { lines: Line[]; x: NonNullable<ChartProps["x"]>; names?: string[] | undefined; title: string }) {
  const [xs, ...columns] = useMemo(() => aligned(lines.map((line) => [line.xs, line.ys])), [lines]) as (number | null)[][];
  const each = Math.max(1, Math.ceil((xs?.length ?? 0) / 400));
  return (
    <div class="numbers" tabIndex={0} role="region" aria-label={`Numbers of ${title}`}>
      <table class="table auto">
        <thead><tr><th scope="col">{x === "window" ? "window" : x}</th>{lines.map((line) => <th key={line.id} class="num" scope="col">{line.label}</th>)}</tr></thead>
        <tbody>
          {xs?.map((at, i) => i % each === 0 || i === xs.length - 1 ? (
            <tr key={i}><td>{xText(at ?? 0, x, names)}</td>{columns.map((ys, c) => <td key={c} class="num">{number(ys[i])}</td>)}</tr>
          ) : null)}
        </tbody>
      </table>
    </div>
  );
}

function xText(at: number, x: NonNullable<ChartProps["x"]>, names?: string[]): string {
  if (x === "window") return names?.[at] ?? "";
  if (x === "time") return new Date(at * 1000).toLocaleString();
  if (x === "elapsed") return duration(at * 1000) || "0";
  return at.toLocaleString("en-US");
}

/** One x column and a y column a line, on the union of their places. */
function aligned(tables: [number[], (number | null)[]][]): (number | null)[][] {
  if (!tables.length) return [[]];
  const same = tables.every(([xs]) => xs === tables[0]![0] || (xs.length === tables[0]![0].length && xs.every((v, i) => v === tables[0]![0][i])));
  if (same) return [tables[0]![0], ...tables.map(([, ys]) => ys)];
  return uPlot.join(tables as unknown as uPlot.AlignedData[]) as unknown as (number | null)[][];
}

/** Exponential smoothing without the pull to the first value (Kingma & Ba 2015, section 3). */
export function smoothed(ys: (number | null)[], weight: number): (number | null)[] {
  let mean = 0;
  let n = 0;
  return ys.map((y) => {
    if (y === null) return null;
    mean = mean * weight + (1 - weight) * y;
    n += 1;
    return mean / (1 - weight ** n);
  });
}

type PlotProps = ChartProps & { x: NonNullable<ChartProps["x"]>; log: boolean; smooth: number; height: number; empty: boolean };

function Plot(props: PlotProps) {
  const { lines, x, log, smooth, height } = props;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [tip, setTip] = useState<{ left: number; at: string; rows: [Line, number][] } | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const colours = painted.value;

  const { data, series, bands, mains } = useMemo(() => build(lines, log, smooth, props.dots ?? false), [lines, log, smooth, colours, props.dots]);
  const form = `${x}|${log}|${height}|${colours}|${lines.map((line) => `${line.id}${line.min ? "b" : ""}`).join()}|${smooth > 0}|${props.level ?? ""}|${props.names?.length ?? ""}`;

  useEffect(() => {
    const element = box.current;
    if (!element || props.empty) return;
    const made = new uPlot(options(latest, series, bands, mains, element.clientWidth, setTip), data as uPlot.AlignedData, element);
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [form, props.empty]);
  useEffect(() => plot.current?.setData(data as uPlot.AlignedData), [data]);

  const step = (event: KeyboardEvent) => {
    const u = plot.current;
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!u || !by) return;
    event.preventDefault();
    const xs = u.data[0];
    const at = Math.min(xs.length - 1, Math.max(0, (u.cursor.idx ?? (by > 0 ? -1 : xs.length)) + by));
    u.setCursor({ left: u.valToPos(xs[at]!, "x"), top: height / 3 });
  };
  return (
    <div class="plot" ref={box} style={{ height: `${height}px` }} tabIndex={props.empty ? -1 : 0} role="img" aria-label={`Curve of ${props.title}. Arrow keys move along it.`} onKeyDown={step} onBlur={() => setTip(null)}>
      {props.empty ? <div class="nothing">No points{props.zoom ? " here" : " yet"}</div> : null}
      {tip ? (
        <div class="tip" style={tip.left > (box.current?.clientWidth ?? 0) / 2 ? { right: `${(box.current?.clientWidth ?? 0) - tip.left + 12}px`, top: "4px" } : { left: `${tip.left + 12}px`, top: "4px" }}>
          <div class="soft">{tip.at}</div>
          {tip.rows.slice(0, 12).map(([line, y]) => (
            <div class="line" key={line.id}><span class={`swatch${line.pen.dashed ? " dashed" : ""}`} style={{ borderColor: line.pen.css }} /><span class="cut">{lines.length > 1 ? line.label : ""}</span><b>{number(y)}</b></div>
          ))}
          {tip.rows.length > 12 ? <div class="faint">and {tip.rows.length - 12} more</div> : null}
        </div>
      ) : null}
    </div>
  );
}

function build(lines: Line[], log: boolean, smooth: number, dots: boolean) {
  const tables: [number[], (number | null)[]][] = [];
  const series: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  const mains: [number, Line][] = [];
  const fit = (ys: (number | null)[]) => (log ? ys.map((y) => (y !== null && y > 0 ? y : null)) : ys);
  const add = (line: Line, ys: (number | null)[], more: uPlot.Series): number => {
    tables.push([line.xs, fit(ys)]);
    series.push({ spanGaps: true, ...more });
    return tables.length;
  };
  for (const line of lines) {
    const colour = paint(line.pen.token);
    const few = dots || line.xs.length === 1;
    if (line.min && line.max) {
      const low = add(line, line.min, { width: 0, points: { show: false } });
      const high = add(line, line.max, { width: 0, points: { show: false } });
      bands.push({ series: [high, low], fill: translucent(colour, 0.16) });
    }
    if (smooth > 0) add(line, line.ys, { stroke: translucent(colour, 0.28), width: 1, points: { show: false } });
    const at = add(line, smooth > 0 ? smoothed(line.ys, smooth) : line.ys, {
      stroke: colour, width: 1.6, points: { show: few, size: 5, fill: colour, stroke: colour }, ...(line.pen.dashed ? { dash: [5, 3] } : {}),
    });
    mains.push([at, line]);
  }
  return { data: aligned(tables), series, bands, mains };
}

function translucent(colour: string, alpha: number): string {
  const parts = colour.match(/[\d.]+/g);
  return parts && colour.startsWith("rgb") ? `rgb(${parts[0]} ${parts[1]} ${parts[2]} / ${alpha})` : `color-mix(in srgb, ${colour} ${alpha * 100}%, transparent)`;
}

function options(
  latest: { current: PlotProps }, series: uPlot.Series[], bands: uPlot.Band[], mains: [number, Line][], width: number,
  setTip: (tip: { left: number; at: string; rows: [Line, number][] } | null) => void,
): uPlot.Options {
  const { x, log, height, names, level, sync } = latest.current;
  const axis = { stroke: paint("--faint"), font: "11px Inter Variable, sans-serif", grid: { stroke: paint("--line"), width: 1 }, ticks: { show: false } };
  const xs: uPlot.Axis = { ...axis, size: 24, gap: 4, grid: { show: false }, values: (_u, ticks, _at, _space, by) => ticks.map((v) => xTick(v, x, names, by)) };
  if (x === "window") xs.splits = (u) => thinned(u.data[0] as number[], Math.max(2, Math.floor(u.width / 80)));
  else if (x === "step") xs.incrs = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7, 1e8, 1e9];
  return {
    width, height, series, bands,
    padding: [6, 8, 0, 0],
    legend: { show: false },
    scales: {
      x: { time: x === "time", range: (_u, low, high) => (low === high ? [low - 1, high + 1] : x === "window" ? [low - 0.15, high + 0.15] : [low, high]) },
      y: { distr: log ? 3 : 1, ...(log ? {} : { range: (_u: uPlot, low: number, high: number) => room(low, high, latest.current.level) }) },
    },
    axes: [xs, { ...axis, size: (_u, ticks) => Math.max(32, ...(ticks ?? []).map((t) => 10 + String(t).length * 6.6)), gap: 5, values: (_u, ticks) => ticks.map((v) => (v === null ? "" : number(v))) }],
    cursor: {
      sync: sync ? { key: sync, setSeries: false } : undefined,
      drag: { x: latest.current.setZoom !== undefined, y: false, setScale: false },
      points: { size: 6, show: (u, at) => mains.some(([n]) => n === at) ? dot(u, series[at]!) : (undefined as unknown as HTMLElement) },
      dataIdx: (u, at, hovered) => nearest(u.data[at] as (number | null)[], hovered),
    } as uPlot.Cursor,
    hooks: {
      setCursor: [(u) => {
        const at = u.cursor.idx;
        if (at === null || at === undefined || u.cursor.left === undefined || u.cursor.left < 0) return setTip(null);
        const rows = mains.flatMap(([n, line]): [Line, number][] => {
          const i = u.cursor.idxs?.[n] ?? at;
          const y = u.data[n]?.[i];
          return y === null || y === undefined ? [] : [[line, y]];
        });
        rows.sort((a, b) => b[1] - a[1]);
        setTip({ left: u.cursor.left + u.bbox.left / devicePixelRatio, at: xText(u.data[0][at]!, x, names), rows });
      }],
      setSelect: [(u) => {
        if (u.select.width > 4) latest.current.setZoom?.([u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x")]);
        u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      }],
      ready: [(u) => u.over.addEventListener("dblclick", () => latest.current.setZoom?.(null))],
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

function xTick(at: number, x: NonNullable<ChartProps["x"]>, names?: string[], by = 0): string {
  if (x === "time") {
    const date = new Date(at * 1000);
    if (by >= 86_400) return date.toLocaleDateString(undefined, { month: "short", day: "numeric" });
    return date.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(by < 60 ? { second: "2-digit" } : {}) });
  }
  if (x === "window") return names?.[at] ?? "";
  if (x === "elapsed") return duration(at * 1000) || "0";
  if (Math.abs(at) >= 1e6) return `${at / 1e6}M`;
  return Math.abs(at) >= 1e4 ? `${at / 1e3}k` : String(at);
}

function thinned(places: number[], most: number): number[] {
  const each = Math.ceil(places.length / most);
  return places.filter((_, i) => i % each === 0);
}

function room(low: number | null, high: number | null, level?: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  if (level !== null && level !== undefined) [low, high] = [Math.min(low, level), Math.max(high, level)];
  if (low === 0 && high === 0) return [0, 1];
  const pad = (high - low || Math.abs(high) || 1) * 0.06;
  return [low >= 0 && low - pad < 0 ? 0 : low - pad, high + pad];
}

function nearest(ys: (number | null)[], at: number): number {
  if (!ys || ys[at] !== null) return at;
  for (let by = 1; by < ys.length; by++) {
    if (at - by >= 0 && ys[at - by] !== null && ys[at - by] !== undefined) return at - by;
    if (at + by < ys.length && ys[at + by] !== null && ys[at + by] !== undefined) return at + by;
    if (at - by < 0 && at + by >= ys.length) break;
  }
  return at;
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
