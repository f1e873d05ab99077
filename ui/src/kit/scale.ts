// From values to places on an axis: numbers (also by their logarithm) and words.
import { number } from "./format";

export type Value = number | string | null;

export interface Scale {
  kind: "number" | "word";
  /** 0 at the low end, 1 at the high; null where the value has no place. */
  place: (value: Value) => number | null;
  /** The number at a place; for words their rank. */
  at: (place: number) => number;
  ticks: { place: number; text: string }[];
  low: number;
  high: number;
  log: boolean;
  words: string[];
}

/** Fits all values; numbers unless one is a word. A logarithm is taken only where all are above nought. */
export function scaleOf(values: Value[], { log = false, most = 6 } = {}): Scale {
  const there = values.filter((v): v is number | string => v !== null && (typeof v === "string" || Number.isFinite(v)));
  if (there.some((v) => typeof v === "string")) return words([...new Set(there.map(String))].sort((a, b) => a.localeCompare(b, "en", { numeric: true })), most);
  const numbers = there as number[];
  let low = numbers.reduce((a, b) => Math.min(a, b), Infinity);
  let high = numbers.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!numbers.length) [low, high] = [0, 1];
  const logged = log && low > 0;
  if (low === high) [low, high] = logged ? [low / 2, high * 2] : [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  const f = logged ? Math.log10 : (v: number) => v;
  const [from, to] = [f(low), f(high)];
  const place = (v: Value) => (typeof v !== "number" || !Number.isFinite(v) || (logged && v <= 0) ? null : (f(v) - from) / (to - from));
  const ticks = (logged ? decades(low, high, most) : round(low, high, most)).map((v) => ({ place: place(v)!, text: number(v) }));
  return { kind: "number", place, at: (p) => (logged ? 10 ** (from + p * (to - from)) : from + p * (to - from)), ticks, low, high, log: logged, words: [] };
}

function words(all: string[], most: number): Scale {
  const rank = new Map(all.map((word, n) => [word, n]));
  const place = (v: Value) => (v === null ? null : rank.has(String(v)) ? (all.length === 1 ? 0.5 : rank.get(String(v))! / (all.length - 1)) : null);
  const each = Math.ceil(all.length / Math.max(most, 2));
  return { kind: "word", place, at: (p) => p * (all.length - 1), ticks: all.filter((_, n) => n % each === 0).map((word) => ({ place: place(word)!, text: word })), low: 0, high: all.length - 1, log: false, words: all };
}

/** Round numbers within a span: steps of 1, 2 or 5. */
function round(low: number, high: number, most: number): number[] {
  const raw = (high - low) / Math.max(most - 1, 1);
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((n) => n * unit >= raw)! * unit;
  const found: number[] = [];
  for (let v = Math.ceil(low / step) * step; v <= high + step * 1e-9; v += step) found.push(Number(v.toPrecision(12)));
  return found;
}

function decades(low: number, high: number, most: number): number[] {
  const found: number[] = [];
  const fine = Math.log10(high / low) < 3 ? [1, 2, 5] : [1];
  for (let d = Math.floor(Math.log10(low)); d <= Math.ceil(Math.log10(high)); d++) for (const n of fine) if (n * 10 ** d >= low * 0.9999 && n * 10 ** d <= high * 1.0001) found.push(n * 10 ** d);
  const each = Math.ceil(found.length / most);
  return found.filter((_, n) => n % each === 0);
}

const STOPS = [[47, 127, 214], [143, 132, 178], [217, 102, 31]] as const;

/** A colour from blue by grey to orange, told apart by all kinds of colour blindness; null is the colour of what is missing. */
export function shade(place: number | null): string {
  if (place === null) return "rgb(140 140 150)";
  const at = Math.min(Math.max(place, 0), 1) * (STOPS.length - 1);
  const i = Math.min(Math.floor(at), STOPS.length - 2);
  const mixed = [0, 1, 2].map((c) => Math.round(STOPS[i]![c]! + (STOPS[i + 1]![c]! - STOPS[i]![c]!) * (at - i)));
  return `rgb(${mixed.join(" ")})`;
}
