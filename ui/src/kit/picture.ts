// A chart taken away: as a PNG, as an SVG drawn from its numbers, as CSV.
import type uPlot from "uplot";
import type { Line } from "./plot";
import { paint } from "./theme";

/** Hand a file to the reader. */
export function save(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name.replace(/[^\w.+-]+/g, "_");
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** One row a point: line, x, value, and the bounds where there are any. */
export function csvOf(lines: Line[], x: string): string {
  const bounded = lines.some((line) => line.min && line.max);
  const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : /^[=+@-]/.test(text) ? `'${text}` : text);
  const rows = lines.flatMap((line) => line.xs.flatMap((at, i) => {
    const y = line.ys[i];
    return y === null || y === undefined ? [] : [[quoted(line.label), at, y, ...(bounded ? [line.min?.[i] ?? "", line.max?.[i] ?? ""] : [])].join()];
  }));
  return [["line", quoted(x), "value", ...(bounded ? ["low", "high"] : [])].join(), ...rows, ""].join("\n");
}

const MARGIN = { left: 8, top: 30, row: 16 };
const LEGEND = 24;

/** The chart as it stands, with its title and the names of up to 24 lines, on an opaque ground. */
export function pngOf(u: uPlot, title: string, lines: Line[]): Promise<Blob> {
  const ratio = devicePixelRatio;
  const source = u.ctx.canvas;
  const rows = legendRows(lines, source.width / ratio);
  const canvas = document.createElement("canvas");
  canvas.width = source.width;
  canvas.height = source.height + (MARGIN.top + rows.length * MARGIN.row + 8) * ratio;
  const pen = canvas.getContext("2d")!;
  pen.scale(ratio, ratio);
  pen.fillStyle = paint("--ground");
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = paint("--ink");
  pen.font = "600 13px Inter Variable, sans-serif";
  pen.fillText(title, MARGIN.left, 19);
  pen.drawImage(source, 0, MARGIN.top, source.width / ratio, source.height / ratio);
  pen.font = "11px Inter Variable, sans-serif";
  rows.forEach((row, r) => row.forEach(({ line, left }) => {
    const y = MARGIN.top + source.height / ratio + r * MARGIN.row + 12;
    pen.fillStyle = paint(line.pen.token);
    pen.fillRect(left, y - 5, 12, 2.5);
    pen.fillStyle = paint("--soft");
    pen.fillText(line.label, left + 17, y);
  }));
  return new Promise((done, fail) => canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("The picture could not be made"))), "image/png"));
}

/** The chart as lines a drawing program can edit. */
export function svgOf(u: uPlot, title: string, lines: Line[], labels: { x: (at: number) => string; y: (at: number) => string }): string {
  const ratio = devicePixelRatio;
  const { left, top, width, height } = { left: u.bbox.left / ratio, top: u.bbox.top / ratio + MARGIN.top, width: u.bbox.width / ratio, height: u.bbox.height / ratio };
  const rows = legendRows(lines, u.width);
  const whole = u.height + MARGIN.top + rows.length * MARGIN.row + 8;
  const x = (at: number) => (left + u.valToPos(at, "x")).toFixed(1);
  const y = (at: number) => (top + u.valToPos(at, "y")).toFixed(1);
  const ticks = (axis: uPlot.Axis | undefined) => (((axis as unknown as { _splits?: (number | null)[] })?._splits ?? []).filter((v): v is number => v !== null));
  const text = (at: string) => at.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
  const points = (xs: number[], ys: (number | null)[]) => xs.flatMap((at, i) => (ys[i] === null || ys[i] === undefined ? [] : [`${x(at)},${y(ys[i]!)}`]));
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${u.width}" height="${whole}" viewBox="0 0 ${u.width} ${whole}" font-family="Inter, system-ui, sans-serif" font-size="11">`,
    `<rect width="100%" height="100%" fill="${paint("--ground")}"/>`,
    `<text x="${MARGIN.left}" y="19" font-size="13" font-weight="600" fill="${paint("--ink")}">${text(title)}</text>`,
    `<clipPath id="inside"><rect x="${left}" y="${top}" width="${width}" height="${height}"/></clipPath>`,
    ...ticks(u.axes[1]).map((at) => `<path d="M${left} ${y(at)}h${width}" stroke="${paint("--line")}"/><text x="${left - 6}" y="${y(at)}" dy="4" text-anchor="end" fill="${paint("--faint")}">${text(labels.y(at))}</text>`),
    ...ticks(u.axes[0]).map((at) => `<text x="${x(at)}" y="${top + height + 16}" text-anchor="middle" fill="${paint("--faint")}">${text(labels.x(at))}</text>`),
    `<g clip-path="url(#inside)" fill="none">`,
    ...lines.filter((line) => line.min && line.max).map((line) => `<polygon points="${[...points(line.xs, line.max!), ...points(line.xs, line.min!).reverse()].join(" ")}" fill="${paint(line.pen.token)}" fill-opacity="0.16"/>`),
    ...lines.map((line) => `<polyline points="${points(line.xs, line.ys).join(" ")}" stroke="${paint(line.pen.token)}" stroke-width="1.5"${line.pen.dashed ? ' stroke-dasharray="5 3"' : ""}><title>${text(line.label)}</title></polyline>`),
    "</g>",
    ...rows.flatMap((row, r) => row.map(({ line, left: at }) => {
      const low = u.height + MARGIN.top + r * MARGIN.row + 12;
      return `<rect x="${at}" y="${low - 5}" width="12" height="2.5" fill="${paint(line.pen.token)}"/><text x="${at + 17}" y="${low}" fill="${paint("--soft")}">${text(line.label)}</text>`;
    })),
    "</svg>",
  ];
  return parts.join("\n");
}

function legendRows(lines: Line[], width: number): { line: Line; left: number }[][] {
  const rows: { line: Line; left: number }[][] = [];
  let at = Infinity;
  for (const line of lines.length > 1 ? lines.slice(0, LEGEND) : []) {
    const needs = 34 + line.label.length * 6.2;
    if (at + needs > width) {
      rows.push([]);
      at = MARGIN.left;
    }
    rows.at(-1)!.push({ line, left: at });
    at += needs;
  }
  return rows;
}
