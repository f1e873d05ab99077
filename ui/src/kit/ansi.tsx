// What a terminal would show of a text: colours and weights of ANSI escapes as spans, lines that were written over once.
import type { ComponentChildren } from "preact";

const ESCAPE = /\u001b\[([0-9;]*)m/g;
const OTHER = /\u001b(?:\[[0-9;?]*[ -/]*[@-ln-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[()][A-B0]|[=>])/g;
const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

interface Pen {
  colour: string;
  bold: boolean;
  faint: boolean;
  under: boolean;
}

const PLAIN: Pen = { colour: "", bold: false, faint: false, under: false };

/** The text without escapes, and what a carriage return wrote over taken out. */
export const plain = (text: string): string => settled(text).replace(ESCAPE, "");

/** Escapes that are no colours taken out; of a line that was written over, its last. */
function settled(text: string): string {
  return text.replace(OTHER, "").replace(/\r\n/g, "\n").replace(/[^\n]*\r(?!\n)/g, "");
}

/** The text with its colours. */
export function coloured(text: string): ComponentChildren {
  const clean = settled(text);
  if (!clean.includes("\u001b[")) return clean;
  const parts: ComponentChildren[] = [];
  let pen = PLAIN;
  let from = 0;
  for (const found of clean.matchAll(ESCAPE)) {
    push(parts, clean.slice(from, found.index), pen);
    pen = changed(pen, found[1] ?? "");
    from = found.index + found[0].length;
  }
  push(parts, clean.slice(from), pen);
  return parts;
}

function push(parts: ComponentChildren[], text: string, pen: Pen): void {
  if (!text) return;
  const css = [pen.colour && `ansi-${pen.colour}`, pen.bold && "ansi-bold", pen.faint && "faint", pen.under && "ansi-under"].filter(Boolean).join(" ");
  parts.push(css ? <span key={parts.length} class={css}>{text}</span> : text);
}

function changed(pen: Pen, codes: string): Pen {
  let next = { ...pen };
  const numbers = (codes || "0").split(";").map(Number);
  for (let i = 0; i < numbers.length; i++) {
    const n = numbers[i]!;
    if (n === 0) next = PLAIN;
    else if (n === 1) next = { ...next, bold: true };
    else if (n === 2) next = { ...next, faint: true };
    else if (n === 4) next = { ...next, under: true };
    else if (n === 22) next = { ...next, bold: false, faint: false };
    else if (n === 24) next = { ...next, under: false };
    else if (n >= 30 && n <= 37) next = { ...next, colour: NAMES[n - 30]! };
    else if (n >= 90 && n <= 97) next = { ...next, colour: NAMES[n - 90]! };
    else if (n === 38 && numbers[i + 1] === 5) {
      const m = numbers[i + 2] ?? 7;
      next = { ...next, colour: m < 16 ? NAMES[m % 8]! : "" };
      i += 2;
    } else if (n === 38 && numbers[i + 1] === 2) i += 4;
    else if (n === 39) next = { ...next, colour: "" };
  }
  return next;
}
