// A chart: its title and tools, the lines (plot.tsx), and the same as a table for readers and tests. Cursors in step,
// drag to zoom, a faint raw line under the smoothed one, the band from smallest to largest where a pixel stands for many.
import "./chart.css";
import { useMemo, useRef, useState } from "preact/hooks";
import type uPlot from "uplot";
import { Dialog, toast } from "./dialog";
import { number } from "./format";
import { Glyph } from "./glyphs";
import { Pop } from "./parts";
import { csvOf, pngOf, save, svgOf } from "./picture";
import { aligned, Plot, type Line } from "./plot";
import { areSingle, Tally } from "./tally";
import { xText, xTick, type Across } from "./ticks";

export type { Line } from "./plot";
export type { Across } from "./ticks";
export { smoothed } from "./smooth";

export interface ChartProps {
  title: string;
  lines: Line[];
  x?: Across;
  /** What x is called in a CSV; its own name when left out. */
  xName?: string | undefined;
  /** Names of the places on the x axis, for x "window". */
  names?: string[];
  log?: boolean;
  logX?: boolean | undefined;
  smooth?: number;
  zoom?: [number, number] | null;
  setZoom?: (zoom: [number, number] | null) => void;
  sync?: string;
  height?: number;
  stale?: boolean;
  waiting?: boolean;
  now?: string | undefined;
  /** A level to draw across, like a threshold. */
  level?: number | null;
  /** Stretches of x to shade, from and to: while something was wrong. */
  spans?: [number, number][] | undefined;
  dots?: boolean;
  /** Choices for the chart's menu, above those to take it away; each gets the function that closes it. */
  choices?: ((close: () => void) => preact.ComponentChildren) | undefined;
  tools?: preact.ComponentChildren;
  /** Inside the dialog that shows it large. */
  large?: boolean;
}

const SUMMED = 40;

export function Chart(props: ChartProps) {
  const { title, lines, x = "step", log = false, smooth = 0, height = 200 } = props;
  const [asTable, setAsTable] = useState(false);
  const [large, setLarge] = useState(false);
  const plot = useRef<uPlot | null>(null);
  const empty = useMemo(() => lines.every((line) => line.ys.every((y) => y === null)), [lines]);
  const tallied = x !== "window" && !props.zoom && !props.dots && areSingle(lines);
  const xName = props.xName ?? x;
  const take = async (kind: "PNG" | "SVG" | "CSV") => {
    if (kind === "CSV") return save(`${title}.csv`, new Blob([csvOf(lines, xName)], { type: "text/csv" }));
    if (!plot.current) return toast("There is nothing drawn to save.", "bad");
    if (kind === "PNG") return save(`${title}.png`, await pngOf(plot.current, title, lines));
    save(`${title}.svg`, new Blob([svgOf(plot.current, title, lines, { x: (at) => xTick(at, x, props.names), y: number })], { type: "image/svg+xml" }));
  };
  const marks = `${log ? "log" : ""}${props.logX ? `${log ? ", " : ""}log x` : ""}`;
  return (
    <figure class={`chart${props.stale ? " stale" : ""}`} aria-label={title} aria-busy={props.waiting || undefined}>
      <header>
        <figcaption class="cut" title={title}>{title}</figcaption>
        {marks ? <span class="faint">{marks}</span> : null}
        {props.now && !tallied ? <span class="now">{props.now}</span> : <span class="now" />}
        {props.zoom ? <button type="button" class="button bare icon" aria-label={`Show all of ${title}`} title="Show all" onClick={() => props.setZoom?.(null)}><Glyph name="fit" size={14} /></button> : null}
        <button type="button" class="button bare icon" aria-label={`${title} as a table`} title="As a table" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}><Glyph name="table" size={14} /></button>
        <Pop label={`More of ${title}`} glyph="more" bare>
          {(close) => (
            <>
              {props.choices?.(close)}
              {props.large ? null : <button type="button" class="choice" onClick={() => { close(); setLarge(true); }}>Full screen</button>}
              {(tallied ? ["CSV"] as const : ["PNG", "SVG", "CSV"] as const).map((kind) => <button key={kind} type="button" class="choice" onClick={() => { close(); void take(kind); }}>Save as {kind}</button>)}
            </>
          )}
        </Pop>
        {props.tools}
      </header>
      {tallied ? <Tally title={title} lines={lines} height={height} /> : <Plot title={title} lines={lines} x={x} names={props.names} log={log} logX={props.logX} smooth={smooth} zoom={props.zoom} setZoom={props.setZoom} sync={props.sync} height={height} level={props.level} spans={props.spans} dots={props.dots} empty={empty} waiting={props.waiting} made={(u) => (plot.current = u)} />}
      <Summaries title={title} lines={lines} />
      {asTable ? <Numbers lines={lines} x={x} names={props.names} title={title} /> : null}
      {large ? (
        <Dialog title={title} name="large" close={() => setLarge(false)}>
          <div class="inside"><Chart {...props} large sync="large" height={Math.max(320, window.innerHeight - 180)} /></div>
        </Dialog>
      ) : null}
    </figure>
  );
}

function Summaries({ title, lines }: { title: string; lines: Line[] }) {
  return useMemo(() => (
    <table class="sr">
      <caption>{title}</caption>
      <thead><tr><th scope="col">Line</th><th scope="col">Points</th><th scope="col">First</th><th scope="col">Last</th><th scope="col">Smallest</th><th scope="col">Largest</th></tr></thead>
      <tbody>
        {lines.slice(0, SUMMED).map((line) => <Summary key={line.id} line={line} />)}
        {lines.length > SUMMED ? <tr><th scope="row">and {lines.length - SUMMED} more</th></tr> : null}
      </tbody>
    </table>
  ), [title, lines]);
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

function Numbers({ lines, x, names, title }: { lines: Line[]; x: Across; names?: string[] | undefined; title: string }) {
  const shown = lines.slice(0, SUMMED);
  const [xs, ...columns] = useMemo(() => aligned(shown.map((line) => [line.xs, line.ys])), [lines]) as (number | null)[][];
  const each = Math.max(1, Math.ceil((xs?.length ?? 0) / 400));
  return (
    <div class="numbers" tabIndex={0} role="region" aria-label={`Numbers of ${title}`}>
      <table class="table auto">
        <thead><tr><th scope="col">{x === "window" ? "window" : x}</th>{shown.map((line) => <th key={line.id} class="num" scope="col">{line.label}</th>)}</tr></thead>
        <tbody>
          {xs?.map((at, i) => i % each === 0 || i === xs.length - 1 ? (
            <tr key={i}><td>{xText(at ?? 0, x, names)}</td>{columns.map((ys, c) => <td key={c} class="num">{number(ys[i])}</td>)}</tr>
          ) : null)}
        </tbody>
      </table>
    </div>
  );
}
