// What the axes of a chart say, and how far they reach.
import { duration, number } from "./format";

export type Across = "step" | "time" | "elapsed" | "window" | "value";

const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7, 1e8, 1e9];
const SECONDS = [0.001, 0.01, 0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 432_000, 864_000, 2_592_000];

/** Distances between ticks to choose from; null leaves it to uPlot. */
export const incrementsOf = (x: Across): number[] | null => (x === "step" ? STEPS : x === "elapsed" ? SECONDS : null);

export function xText(at: number, x: Across, names?: string[]): string {
  if (x === "window") return names?.[at] ?? "";
  if (x === "time") return new Date(at * 1000).toLocaleString();
  if (x === "elapsed") return duration(at * 1000) || "0";
  return x === "value" ? number(at) : at.toLocaleString("en-US");
}

/** A place on the x axis as its tick says it. */
export function xTick(at: number, x: Across, names?: string[], by = 0): string {
  if (x === "time") {
    const date = new Date(at * 1000);
    if (by >= 86_400) return date.toLocaleDateString(undefined, { month: "short", day: "numeric" });
    return date.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(by < 60 ? { second: "2-digit" } : {}) });
  }
  if (x === "window") return names?.[at] ?? "";
  if (x === "elapsed") return brief(at);
  if (x === "value") return number(at);
  if (Math.abs(at) >= 1e6) return `${at / 1e6}M`;
  return Math.abs(at) >= 1e4 ? `${at / 1e3}k` : String(at);
}

/** Seconds for an axis: 0, 30 s, 5 min, 1 h 30, 2 d. */
function brief(s: number): string {
  if (s === 0) return "0";
  if (s < 60) return `${number(s)} s`;
  const min = Math.round(s / 60);
  if (s < 3600) return s % 60 ? `${Math.floor(s / 60)}:${String(Math.round(s % 60)).padStart(2, "0")} min` : `${min} min`;
  if (s < 172_800) return min % 60 ? `${Math.floor(min / 60)} h ${min % 60}` : `${min / 60} h`;
  return `${number(s / 86_400)} d`;
}

export function thinned(places: number[], most: number): number[] {
  const each = Math.ceil(places.length / most);
  return places.filter((_, i) => i % each === 0);
}

export function room(low: number | null, high: number | null, level?: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  if (level !== null && level !== undefined) [low, high] = [Math.min(low, level), Math.max(high, level)];
  if (low === 0 && high === 0) return [0, 1];
  const pad = (high - low || Math.abs(high) || 1) * 0.06;
  return [low >= 0 && low - pad < 0 ? 0 : low - pad, high + pad];
}
