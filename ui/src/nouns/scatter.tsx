// Scatter: any two params or metrics against each other, coloured by a third; and the spread of one within groups.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Glyph } from "../kit/glyphs";
import { Pop } from "../kit/parts";
import { go, setQuery, useQuery } from "../kit/router";
import { scaleOf, shade, type Scale } from "../kit/scale";
import { pageOfRun } from "../links";
import { FieldChoices } from "./fields";
import { Ramp, show, usualAxes } from "./parallel";
import { fieldOf, titleOf, type Compared } from "./runset";
import "./spread.css";

const [LEFT, RIGHT, TOP, BOTTOM] = [72, 16, 12, 44];

/** Places a little within the frame, so that no spot is cut. */
const inset = (place: number): number => 0.02 + 0.96 * place;

export function Scatter({ set }: { set: Compared }) {
  const usual = useMemo(() => usualAxes(set), [set.runs]);
  const [x, setX] = useQuery("px", usual[0] ?? "duration");
  const [y, setY] = useQuery("py", usual.findLast((one) => one.startsWith("metrics.")) ?? "duration");
  const [colour, setColour] = useQuery("pc");
  const [logs, setLogs] = useQuery("plog");
  const [near, setNear] = useState<number | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const [whole, setWidth] = useState(900);
  const tall = Math.min(460, Math.max(300, Math.round(whole * 0.56)));
  useEffect(() => {
    const watch = new ResizeObserver(() => setWidth(box.current!.clientWidth));
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);
  const spots = useMemo(() => {
    const read = (field: string) => set.shown.map((run) => (field ? fieldOf(run, field, set.definitions) : null));
    const [xs, ys, cs] = [read(x), read(y), read(colour)];
    const across = scaleOf(xs, { log: logs.includes("x"), most: whole < 600 ? 4 : 8 });
    const up = scaleOf(ys, { log: logs.includes("y"), most: 7 });
    const shades = scaleOf(cs);
    return { across, up, shades, xs, ys, cs, at: set.shown.map((_, n) => {
      const [px, py] = [across.place(xs[n]!), up.place(ys[n]!)];
      return px === null || py === null ? null : { left: LEFT + inset(px) * (whole - LEFT - RIGHT), top: TOP + (1 - inset(py)) * (tall - TOP - BOTTOM), fill: colour ? shade(shades.place(cs[n]!)) : "var(--series-0)" };
    }) };
  }, [set.shown, x, y, colour, logs, set.definitions, whole]);
  const toggle = (letter: string) => setLogs(logs.includes(letter) ? logs.replace(letter, "") : logs + letter);
  const over = (event: PointerEvent) => {
    const rect = box.current!.getBoundingClientRect();
    const [mx, my] = [((event.clientX - rect.left) / rect.width) * whole, ((event.clientY - rect.top) / rect.height) * tall];
    let best: number | null = null;
    let least = 18 ** 2;
    spots.at.forEach((spot, n) => {
      const away = spot ? (spot.left - mx) ** 2 + (spot.top - my) ** 2 : Infinity;
      if (away < least) [best, least] = [n, away];
    });
    setNear(best);
  };
  const placed = spots.at.filter(Boolean).length;
  const chosen = near === null ? null : set.shown[near];
  return (
    <>
      <div class="toolbar lookbar">
        <label class="row"><span class="soft">Up</span><select class="input" aria-label="Up" value={y} onChange={(event) => setY(event.currentTarget.value)}><FieldChoices set={set} /></select></label>
        <label class="row"><span class="soft">Across</span><select class="input" aria-label="Across" value={x} onChange={(event) => setX(event.currentTarget.value)}><FieldChoices set={set} /></select></label>
        <button type="button" class="button bare icon" aria-label="Swap the axes" title="Swap the axes" onClick={() => setQuery({ px: y, py: x })}><Glyph name="compare" size={14} /></button>
        <label class="row"><span class="soft">Colour</span><select class="input" aria-label="Colour by" value={colour} onChange={(event) => setColour(event.currentTarget.value)}><option value="">one colour</option><FieldChoices set={set} /></select></label>
        {colour ? <Ramp scale={spots.shades} /> : null}
        <Pop label="Axes" title="Axes" left>
          {() => <>{[["y", "Log scale up"], ["x", "Log scale across"]].map(([letter, title]) => <label class="choice" key={letter}><input type="checkbox" checked={logs.includes(letter!)} onChange={() => toggle(letter!)} />{title}</label>)}</>}
        </Pop>
        <span class="soft" role="status">{placed === set.shown.length ? `${placed} runs` : `${placed} of ${set.shown.length} runs have both`}</span>
      </div>
      <div class="scatter" ref={box} onPointerMove={over} onPointerLeave={() => setNear(null)} onClick={() => chosen && go(pageOfRun(chosen))}>
        <svg width={whole} height={tall} role="img" aria-label={`${titleOf(y)} over ${titleOf(x)} of ${placed} runs`}>
          <Frame whole={whole} tall={tall} across={spots.across} up={spots.up} x={titleOf(x)} y={titleOf(y)} />
          {spots.at.map((spot, n) => spot ? <circle key={set.shown[n]!.id} cx={spot.left} cy={spot.top} r={near === n ? 6.5 : set.shown.length > 150 ? 3.5 : 4.5} fill={spot.fill} class={near === n ? "near" : ""} /> : null)}
        </svg>
        {near !== null && chosen && spots.at[near] ? (
          <div class="tip" style={{ top: `${(spots.at[near]!.top / tall) * 100}%`, ...(spots.at[near]!.left > whole / 2 ? { right: `${100 - (spots.at[near]!.left / whole) * 100 + 1}%` } : { left: `${(spots.at[near]!.left / whole) * 100 + 1}%` }) }}>
            <b>{set.names.get(chosen.id)}</b>
            <div class="line"><span class="cut">{titleOf(y)}</span><b>{show(spots.ys[near]!)}</b></div><div class="line"><span class="cut">{titleOf(x)}</span><b>{show(spots.xs[near]!)}</b></div>
            {colour ? <div class="line"><span class="cut">{titleOf(colour)}</span><b>{show(spots.cs[near]!)}</b></div> : null}
          </div>
        ) : null}
      </div>
      <table class="sr"><caption>{titleOf(y)} over {titleOf(x)}</caption><tbody>{set.shown.slice(0, 100).map((run, n) => <tr key={run.id}><th scope="row">{set.names.get(run.id)}</th><td>{show(spots.xs[n]!)}</td><td>{show(spots.ys[n]!)}</td></tr>)}</tbody></table>
      {spots.up.kind === "number" && new Set(spots.xs).size <= 16 ? <Boxes across={spots.across} xs={spots.xs} ys={spots.ys as (number | null)[]} x={titleOf(x)} y={titleOf(y)} /> : null}
    </>
  );
}

function Frame({ whole, tall, across, up, x, y }: { whole: number; tall: number; across: Scale; up: Scale; x: string; y: string }) {
  const [width, height] = [whole - LEFT - RIGHT, tall - TOP - BOTTOM];
  return (
    <>
      {up.ticks.map((tick) => <g key={tick.text} transform={`translate(${LEFT} ${TOP + (1 - inset(tick.place)) * height})`}><line x2={width} class="grid" /><text x="-8" dy="4" text-anchor="end">{tick.text.slice(0, 10)}</text></g>)}
      {across.ticks.map((tick) => <text key={tick.text} x={LEFT + inset(tick.place) * width} y={tall - BOTTOM + 18} text-anchor="middle">{tick.text.slice(0, 14)}</text>)}
      <line x1={LEFT} x2={whole - RIGHT} y1={tall - BOTTOM + 0.5} y2={tall - BOTTOM + 0.5} class="axis" />
      <text x={LEFT + width / 2} y={tall - 6} text-anchor="middle" class="name">{x}{across.log ? " (log)" : ""}</text>
      <text transform={`translate(12 ${TOP + height / 2}) rotate(-90)`} text-anchor="middle" class="name">{y}{up.log ? " (log)" : ""}</text>
    </>
  );
}

/** The five numbers of each group: least, quartiles, most (R's type 7), as a box and as a row. */
function Boxes({ across, xs, ys, x, y }: { across: Scale; xs: (number | string | null)[]; ys: (number | null)[]; x: string; y: string }) {
  const groups = new Map<number | string, number[]>();
  xs.forEach((at, n) => { if (at !== null && typeof ys[n] === "number" && Number.isFinite(ys[n]!)) groups.set(at, [...(groups.get(at) ?? []), ys[n]!]); });
  const rows = [...groups].sort((a, b) => (across.place(a[0]) ?? 0) - (across.place(b[0]) ?? 0)).map(([name, values]) => {
    const sorted = values.sort((a, b) => a - b);
    const quantile = (q: number) => { const h = (sorted.length - 1) * q; const i = Math.floor(h); return sorted[i]! + (h - i) * ((sorted[i + 1] ?? sorted[i]!) - sorted[i]!); };
    return { name, count: sorted.length, five: [0, 0.25, 0.5, 0.75, 1].map(quantile) };
  });
  if (rows.length < 2) return null;
  const scale = scaleOf(rows.flatMap((row) => row.five));
  const place = (v: number) => (scale.place(v) ?? 0) * 236 + 2;
  return (
    <div class="tablebox" style={{ marginTop: "16px" }} tabIndex={0} role="region" aria-label={`${y} by ${x}`}>
      <table class="table auto">
        <thead><tr><th scope="col">{x}</th><th scope="col" class="num">Runs</th><th scope="col" style={{ width: "260px" }}>{y}</th>{["Least", "Quarter", "Median", "Three quarters", "Most"].map((title) => <th key={title} scope="col" class="num">{title}</th>)}</tr></thead>
        <tbody>
          {rows.map(({ name, count, five }) => (
            <tr key={String(name)}>
              <td>{show(name)}</td><td class="num">{count}</td>
              <td><svg width="240" height="18" class="box" aria-hidden="true"><line x1={place(five[0]!)} x2={place(five[4]!)} y1="9" y2="9" /><rect x={place(five[1]!)} width={Math.max(1, place(five[3]!) - place(five[1]!))} y="3" height="12" /><line class="mid" x1={place(five[2]!)} x2={place(five[2]!)} y1="3" y2="15" /></svg></td>
              {five.map((v, i) => <td key={i} class="num">{show(v)}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
