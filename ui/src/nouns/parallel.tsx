// Parallel coordinates: an axis a param or metric, a line a run; ranges dragged on the axes choose among the runs.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { number } from "../kit/format";
import { Glyph } from "../kit/glyphs";
import { Pop } from "../kit/parts";
import { setQuery, useQuery } from "../kit/router";
import { scaleOf, shade, type Scale, type Value } from "../kit/scale";
import { paint, painted } from "../kit/theme";
import { FieldChoices } from "./fields";
import { fieldOf, fieldsOf, goalOf, titleOf, type Compared } from "./runset";
import "./spread.css";

const HEIGHT = 340;
const TOP = 44;
const BOTTOM = 16;
const GAP = "~";

interface Axis {
  field: string;
  scale: Scale;
  values: Value[];
  /** Chosen, from low to high as places from 0 to 1. */
  range: [number, number] | null;
}

/** Params that differ, then the metric people look for first: what is shown when nobody chose. */
export function usualAxes(set: Compared): string[] {
  const metric = set.keys.find((key) => !key.startsWith("system/"));
  return [...set.varying.slice(0, 6).map((key) => `params.${key}`), ...(metric ? [`metrics.${metric}`] : [])];
}

export function Parallel({ set }: { set: Compared }) {
  const [axesSaid] = useQuery("axes");
  const [colour, setColour] = useQuery("colour");
  const [brushed] = useQuery("brush");
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(900);
  const [near, setNear] = useState<number | null>(null);
  const [drag, setDrag] = useState<{ axis: number; from: number; to: number } | null>(null);
  const runs = set.shown;
  const fields = useMemo(() => (axesSaid ? axesSaid.split(GAP) : usualAxes(set)), [axesSaid, set.runs]);
  const metric = colour || fields.findLast((field) => field.startsWith("metrics.")) || fields.at(-1) || "";
  const axes = useMemo(() => {
    const ranges = new Map(brushed.split("|").flatMap((one) => { const at = one.lastIndexOf(":"); const [low, high] = one.slice(at + 1).split(GAP).map(Number); return at > 0 && Number.isFinite(low) && Number.isFinite(high) ? [[one.slice(0, at), [low!, high!] as [number, number]]] : []; }));
    return fields.map((field): Axis => {
      const values = set.runs.map((run) => fieldOf(run, field, set.definitions));
      const spread = values.filter((v): v is number => typeof v === "number" && v > 0);
      const log = spread.length > 2 && spread.length === values.filter((v) => v !== null).length && Math.max(...spread) / Math.min(...spread) >= 90;
      const scale = scaleOf(values, { log });
      const said = ranges.get(field);
      const range = said ? (scale.kind === "word" ? said.map((v) => (scale.high ? v / scale.high : 0.5)) : said.map((v) => scale.place(v) ?? 0)) as [number, number] : null;
      return { field, scale, values: runs.map((run) => fieldOf(run, field, set.definitions)), range };
    });
  }, [fields, set.runs, runs, brushed, set.definitions]);
  const colours = useMemo(() => {
    const scale = scaleOf(runs.map((run) => fieldOf(run, metric, set.definitions)));
    return { scale, of: runs.map((run) => shade(scale.place(fieldOf(run, metric, set.definitions)))) };
  }, [runs, metric, set.definitions]);
  const within = useMemo(() => runs.map((_, n) => axes.every((axis) => {
    if (!axis.range) return true;
    const place = axis.scale.place(axis.values[n] ?? null);
    return place !== null && place >= axis.range[0] - 1e-9 && place <= axis.range[1] + 1e-9;
  })), [axes, runs]);
  const taken = runs.filter((_, n) => within[n]);
  const left = (n: number) => 60 + (axes.length > 1 ? (n * (width - 130)) / (axes.length - 1) : (width - 120) / 2);
  const top = (place: number) => TOP + (1 - place) * (HEIGHT - TOP - BOTTOM);

  useEffect(() => {
    const watch = new ResizeObserver(() => setWidth(Math.max(box.current!.clientWidth, axes.length * 96)));
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, [axes.length]);
  useEffect(() => {
    const ratio = window.devicePixelRatio;
    const pen = canvas.current?.getContext("2d");
    if (!pen) return;
    [canvas.current!.width, canvas.current!.height] = [width * ratio, HEIGHT * ratio];
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const line = (n: number) => {
      let before: number | null = null;
      pen.beginPath();
      axes.forEach((axis, a) => {
        const place = axis.scale.place(axis.values[n] ?? null);
        if (place === null) { before = null; return; }
        const [x, y] = [left(a), top(place)];
        if (before === null) pen.moveTo(x, y);
        else pen.bezierCurveTo((left(a - 1) + x) / 2, before, (left(a - 1) + x) / 2, y, x, y);
        before = y;
      });
      pen.stroke();
    };
    pen.lineWidth = 1;
    pen.strokeStyle = paint("--line");
    runs.forEach((_, n) => within[n] || line(n));
    pen.globalAlpha = runs.length > 100 ? 0.5 : 0.85;
    pen.lineWidth = runs.length > 100 ? 1 : 1.5;
    runs.forEach((_, n) => { if (within[n]) { pen.strokeStyle = colours.of[n]!; line(n); } });
    pen.globalAlpha = 1;
    if (near !== null && near < runs.length) {
      pen.lineWidth = 3;
      pen.strokeStyle = paint("--ink");
      line(near);
    }
  }, [axes, colours, within, width, near, painted.value, runs]);

  const write = (changed: number, range: [number, number] | null) => setQuery({
    brush: axes.flatMap((axis, n) => {
      const kept = n === changed ? range : axis.range;
      return kept ? [`${axis.field}:${kept.map((p) => (axis.scale.kind === "word" ? Math.round(axis.scale.at(p) * 1000) / 1000 : Number(axis.scale.at(p).toPrecision(6)))).join(GAP)}`] : [];
    }).join("|") || null,
  });
  const placeAt = (event: PointerEvent) => 1 - (event.clientY - box.current!.getBoundingClientRect().top - TOP) / (HEIGHT - TOP - BOTTOM);
  const bounded = (p: number) => Math.min(Math.max(p, 0), 1);
  const over = (event: PointerEvent) => {
    if (drag) return setDrag({ ...drag, to: bounded(placeAt(event)) });
    const x = event.clientX - box.current!.getBoundingClientRect().left + box.current!.scrollLeft;
    const a = axes.reduce((best, _, n) => (Math.abs(left(n) - x) < Math.abs(left(best) - x) ? n : best), 0);
    if (!axes[a] || Math.abs(left(a) - x) > 30) return setNear(null);
    const at = placeAt(event);
    let best: number | null = null;
    let least = 0.02;
    runs.forEach((_, n) => {
      const place = axes[a]!.scale.place(axes[a]!.values[n] ?? null);
      if (within[n] && place !== null && Math.abs(place - at) < least) [best, least] = [n, Math.abs(place - at)];
    });
    setNear(best);
  };
  const up = () => {
    if (!drag) return;
    const range: [number, number] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)];
    write(drag.axis, range[1] - range[0] < 0.01 ? null : range);
    setDrag(null);
  };
  const choose = (next: string[]) => setQuery({ axes: next.join(GAP) || null });
  const ranged = axes.some((axis) => axis.range);
  return (
    <>
      <div class="toolbar lookbar">
        <label class="row"><span class="soft">Colour</span><select class="input" aria-label="Colour by" value={metric} onChange={(event) => setColour(event.currentTarget.value)}><FieldChoices set={set} /></select></label>
        <Ramp scale={colours.scale} />
        <Pop label="Choose axes" title="Axes" glyph="columns" left>
          {() => (
            <>
              {fieldsOf(set).map(([title, all]) => all.length ? (
                <div role="group" aria-label={title} key={title}>
                  <div class="group">{title}</div>
                  {all.slice(0, 200).map((field) => <label class="choice" key={field}><input type="checkbox" checked={fields.includes(field)} onChange={() => choose(fields.includes(field) ? fields.filter((one) => one !== field) : [...fields, field])} /><span class="cut">{titleOf(field)}</span></label>)}
                </div>
              ) : null)}
              <button type="button" class="choice" onClick={() => choose([])}>Back to the usual axes</button>
            </>
          )}
        </Pop>
        {ranged ? <button type="button" class="button" onClick={() => setQuery({ brush: null })}><Glyph name="close" size={12} />Clear the ranges</button> : null}
        <span class="soft" role="status">{ranged ? `${taken.length} of ${runs.length} runs within the ranges` : `${runs.length} runs. Drag along an axis to choose a range.`}</span>
        {ranged && taken.length && taken.length < set.runs.length ? <button type="button" class="button" onClick={() => { set.setHidden(new Set(set.runs.filter((run) => !taken.includes(run)).map((run) => run.id))); setQuery({ brush: null }); }}>Keep only these</button> : null}
      </div>
      <div class="parallel" ref={box} tabIndex={0} role="region" aria-label="Parallel coordinates" onPointerMove={over} onPointerUp={up} onPointerLeave={() => { setNear(null); up(); }}>
        <canvas ref={canvas} style={{ width: `${width}px`, height: `${HEIGHT}px` }} aria-hidden="true" />
        <svg width={width} height={HEIGHT} role="img" aria-label={`${axes.length} axes: ${axes.map((axis) => titleOf(axis.field)).join(", ")}. The ranges below choose among ${runs.length} runs.`}>
          {axes.map((axis, n) => {
            const range = drag?.axis === n ? [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)] : axis.range;
            const last = n === axes.length - 1;
            const name = titleOf(axis.field);
            const most = Math.max(8, Math.floor((width - 120) / Math.max(axes.length, 1) / 6.6));
            return (
              <g key={axis.field} transform={`translate(${left(n)} 0)`}>
                <text y="16" text-anchor="middle" class="name">{name.length > most ? `${name.slice(0, most - 1)}…` : name}<title>{name}</title></text>
                {axis.scale.log ? <text y="30" text-anchor="middle">log</text> : null}
                <line y1={top(1)} y2={top(0)} class="axis" />
                {axis.scale.ticks.map((tick) => <g key={tick.text} transform={`translate(0 ${top(tick.place)})`}><line x2={last ? 4 : -4} class="axis" /><text x={last ? 8 : -8} dy="3.5" text-anchor={last ? "start" : "end"} class="tick">{tick.text.length > 12 ? `${tick.text.slice(0, 11)}…` : tick.text}</text></g>)}
                {range ? <rect x="-7" width="14" y={top(range[1]!)} height={Math.max(2, top(range[0]!) - top(range[1]!))} class="range" /> : null}
                <rect x="-16" width="32" y={TOP - 8} height={HEIGHT - TOP - BOTTOM + 16} class="grab" onPointerDown={(event) => { event.preventDefault(); const at = bounded(placeAt(event as unknown as PointerEvent)); setDrag({ axis: n, from: at, to: at }); }} onDblClick={() => write(n, null)} />
              </g>
            );
          })}
        </svg>
        {near !== null && runs[near] ? <div class="tip fixedtip"><b>{set.names.get(runs[near]!.id)}</b>{axes.map((axis) => <div class="line" key={axis.field}><span class="cut">{titleOf(axis.field)}</span><b>{show(axis.values[near] ?? null)}</b></div>)}</div> : null}
      </div>
      <details class="ranges">
        <summary>Ranges by number</summary>
        <div class="rangegrid">
          {axes.map((axis, n) => axis.scale.kind === "number" ? (
            <fieldset key={axis.field}>
              <legend class="cut" title={titleOf(axis.field)}>{titleOf(axis.field)}</legend>
              {([0, 1] as const).map((end) => (
                <input key={end} class="input" type="number" step="any" aria-label={`${titleOf(axis.field)} ${end ? "at most" : "at least"}`} placeholder={number(end ? axis.scale.high : axis.scale.low)} value={axis.range ? String(Number(axis.scale.at(axis.range[end]).toPrecision(6))) : ""}
                  onChange={(event) => {
                    const text = event.currentTarget.value;
                    const place = text === "" ? end : bounded(axis.scale.place(Number(text)) ?? end);
                    const next: [number, number] = end ? [axis.range?.[0] ?? 0, place] : [place, axis.range?.[1] ?? 1];
                    write(n, next[0] <= 0 && next[1] >= 1 ? null : next);
                  }} />
              ))}
            </fieldset>
          ) : null)}
        </div>
      </details>
      <Best set={set} field={metric} runs={taken} axes={axes.map((axis) => axis.field)} />
    </>
  );
}

export const show = (value: Value): string => (value === null ? "—" : typeof value === "number" ? number(value) : value);

export function Ramp({ scale }: { scale: Scale }) {
  if (scale.kind === "word") return <ul class="legend" aria-label="Colours">{scale.words.slice(0, 8).map((word) => <li key={word}><span class="dot" style={{ background: shade(scale.place(word)) }} />{word}</li>)}</ul>;
  return <span class="row ramp"><span class="faint">{number(scale.low)}</span><i style={{ background: `linear-gradient(90deg, ${shade(0)}, ${shade(0.5)}, ${shade(1)})` }} /><span class="faint">{number(scale.high)}</span></span>;
}

/** The best of the runs chosen, as a table. */
function Best({ set, field, runs, axes }: { set: Compared; field: string; runs: Compared["runs"]; axes: string[] }) {
  const key = field.replace(/^metrics\./, "");
  const down = field.startsWith("metrics.") && goalOf(key, set.definitions[key]) === "minimize";
  const ranked = runs.map((run) => [run, fieldOf(run, field, set.definitions)] as const).filter(([, v]) => typeof v === "number").sort((a, b) => (down ? 1 : -1) * ((a[1] as number) - (b[1] as number))).slice(0, 10);
  if (!ranked.length) return null;
  return (
    <div class="tablebox" style={{ marginTop: "12px" }} tabIndex={0} role="region" aria-label={`Best by ${titleOf(field)}`}>
      <table class="table auto">
        <thead><tr><th class="lead" scope="col">{down ? "Least" : "Most"} {titleOf(field)}</th>{axes.map((axis) => <th key={axis} scope="col" class="num">{titleOf(axis)}</th>)}</tr></thead>
        <tbody>{ranked.map(([run]) => <tr key={run.id}><td class="lead"><a href={`/runs/${run.id}`}>{set.names.get(run.id)}</a></td>{axes.map((axis) => <td key={axis} class="num">{show(fieldOf(run, axis, set.definitions))}</td>)}</tr>)}</tbody>
      </table>
    </div>
  );
}
