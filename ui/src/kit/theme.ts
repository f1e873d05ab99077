// Light, dark, or as the system has it; and colours as a canvas needs them.
import { signal } from "@preact/signals";

export type Theme = "auto" | "light" | "dark";
export const theme = signal<Theme>(((): Theme => {
  const saved = window.localStorage.getItem("tenfold.theme");
  return saved === "light" || saved === "dark" ? saved : "auto";
})());
/** Grows whenever colours have changed, so that canvases draw themselves again. */
export const painted = signal(0);

const resolved = new Map<string, string>();

export function setTheme(to: Theme): void {
  theme.value = to;
  if (to === "auto") window.localStorage.removeItem("tenfold.theme");
  else window.localStorage.setItem("tenfold.theme", to);
  applyTheme();
}

export function applyTheme(): void {
  if (theme.value === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
  resolved.clear();
  painted.value += 1;
}

window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  resolved.clear();
  painted.value += 1;
});

let probe: HTMLElement | undefined;

/** The colour a token stands for now, for a canvas: paint("--line"). */
export function paint(token: string): string {
  const known = resolved.get(token);
  if (known) return known;
  if (!probe) {
    probe = document.createElement("i");
    probe.hidden = true;
    document.body.append(probe);
  }
  probe.style.color = `var(${token})`;
  const colour = window.getComputedStyle(probe).color;
  resolved.set(token, colour);
  return colour;
}

export interface Pen {
  token: string;
  css: string;
  dashed: boolean;
}

const SERIES = 8;

/** The n-th pen of the set; after eight colours the same ones come dashed. */
export function pen(n: number): Pen {
  const token = `--series-${n % SERIES}`;
  return { token, css: `var(${token})`, dashed: Math.floor(n / SERIES) % 2 === 1 };
}

/** Pens for runs: each keeps its own from its id, unless another of the same chart has it. */
export function pensFor(ids: string[]): Map<string, Pen> {
  const taken = new Set<number>();
  const pens = new Map<string, Pen>();
  for (const id of ids) {
    let n = hash(id) % SERIES;
    if (taken.size < SERIES * 2) {
      const start = n;
      while (taken.has(n)) {
        n = (n + 1) % SERIES;
        if (n === start) {
          n += SERIES;
          while (taken.has(n)) n = SERIES + ((n + 1) % SERIES);
        }
      }
      taken.add(n);
    }
    pens.set(id, pen(n));
  }
  return pens;
}

function hash(text: string): number {
  let h = 2166136261;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
  return (h >>> 0) % 9973;
}
