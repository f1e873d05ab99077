// Numbers, sizes and times as people read them.
import { signal } from "@preact/signals";

/** The minute's clock: relative times are read against it. */
export const now = signal(Date.now());
window.setInterval(() => (now.value = Date.now()), 15_000);

/** Four significant digits, never more than ten characters. */
export function number(value: number | null | undefined): string {
  if (value === null || value === undefined) return "";
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  let text: string;
  if (Number.isInteger(value) && size < 1e7) text = value.toLocaleString("en-US");
  else if (size >= 1e7 || size < 1e-4) text = value.toExponential(2).replace("e+", "e");
  else if (size >= 1000) text = value.toLocaleString("en-US", { maximumFractionDigits: 1 });
  else text = String(Number(value.toPrecision(4)));
  return text.replace("-", "−");
}

export function percent(value: number, digits = 1): string {
  return `${(value * 100).toFixed(digits)} %`;
}

export function count(value: number, one: string, many = `${one}s`): string {
  return `${value.toLocaleString("en-US")} ${value === 1 ? one : many}`;
}

export function bytes(value: number): string {
  if (value < 1024) return `${value} B`;
  const units = ["KiB", "MiB", "GiB", "TiB", "PiB"];
  let size = value;
  let unit = -1;
  do {
    size /= 1024;
    unit += 1;
  } while (size >= 1023.5 && unit < units.length - 1);
  return `${size >= 100 ? size.toFixed(0) : size >= 10 ? size.toFixed(1) : size.toFixed(2)} ${units[unit]}`;
}

export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || ms < 0) return "";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const s = ms / 1000;
  if (s < 60) return `${s < 10 ? s.toFixed(1) : Math.round(s)} s`;
  const min = Math.floor(s / 60);
  if (min < 60) return `${min} min ${Math.round(s - min * 60) || ""}${Math.round(s - min * 60) ? " s" : ""}`.trim();
  const h = Math.floor(min / 60);
  if (h < 48) return `${h} h ${min - h * 60} min`;
  return `${Math.round(h / 24)} days`;
}

export function ago(at_ms: number, from = now.value): string {
  const s = (from - at_ms) / 1000;
  if (s < -60) return "in " + span(-s);
  if (s < 45) return "now";
  return span(s) + " ago";
}

function span(s: number): string {
  if (s < 3600) return `${Math.max(1, Math.round(s / 60))} min`;
  if (s < 36 * 3600) return `${Math.round(s / 3600)} h`;
  if (s < 45 * 86400) return `${Math.round(s / 86400)} d`;
  if (s < 500 * 86400) return `${Math.round(s / 2_629_800)} months`;
  return `${(s / 31_557_600).toFixed(1)} years`;
}

export function when(at_ms: number): string {
  return new Date(at_ms).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

export function day(at_ms: number): string {
  return new Date(at_ms).toLocaleDateString(undefined, { dateStyle: "medium" });
}

/** Any JSON value on one line. */
export function value(of: unknown): string {
  if (of === null || of === undefined) return "";
  if (typeof of === "number") return number(of);
  if (typeof of === "boolean") return of ? "true" : "false";
  if (typeof of === "string") return of;
  return JSON.stringify(of);
}

export function short(id: string): string {
  return id.length > 12 ? id.slice(-8) : id;
}

/** {a: {b: 1}} as [["a.b", 1]], in order. */
export function flat(tree: Record<string, unknown>, before = ""): [string, unknown][] {
  return Object.entries(tree).flatMap(([key, item]) =>
    item !== null && typeof item === "object" && !Array.isArray(item) && Object.keys(item).length
      ? flat(item as Record<string, unknown>, `${before}${key}.`)
      : ([[before + key, item]] as [string, unknown][]),
  );
}
