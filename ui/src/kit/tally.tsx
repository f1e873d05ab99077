// One number each: lines that have a single point, as bars from zero, the largest first. One alone is just the number.
import { useMemo } from "preact/hooks";
import { number } from "./format";
import type { Line } from "./plot";

const MOST = 100;

/** Whether lines are better told as numbers: none has a second point. */
export function areSingle(lines: Line[]): boolean {
  return lines.some((line) => line.ys.some((y) => y !== null)) && lines.every((line) => (line.total ?? line.ys.length) <= 1 && !line.grouped);
}

export function Tally({ title, lines, height }: { title: string; lines: Line[]; height: number }) {
  const told = useMemo(() => lines.flatMap((line): [Line, number][] => { const y = line.ys.find((one) => one !== null); return y === null || y === undefined ? [] : [[line, y]]; }).sort((a, b) => b[1] - a[1]), [lines]);
  if (told.length === 1 && lines.length === 1) return <div class="tally alone" style={{ height: `${height}px` }}><b>{number(told[0]![1])}</b><span class="faint">at step {number(told[0]![0].xs[0])}</span></div>;
  const low = Math.min(0, ...told.map(([, y]) => y));
  const span = Math.max(0, ...told.map(([, y]) => y)) - low || 1;
  return (
    <div class="tally" style={{ height: `${height}px` }} tabIndex={0} role="region" aria-label={`Values of ${title}`}>
      <ol>
        {told.slice(0, MOST).map(([line, y]) => (
          <li key={line.id}>
            <span class="cut" title={line.label}>{line.label}</span>
            <span class="track"><span class={line.pen.dashed ? "dashed" : ""} style={{ left: `${((Math.min(0, y) - low) / span) * 100}%`, width: `${(Math.abs(y) / span) * 100}%`, background: line.pen.css }} /></span>
            <span class="num">{number(y)}</span>
          </li>
        ))}
      </ol>
      {told.length > MOST ? <p class="faint">and {told.length - MOST} more, in the table</p> : null}
    </div>
  );
}
