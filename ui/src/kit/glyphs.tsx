// The drawings: 16 pixels, one stroke, the colour of the text beside them.
const PATHS = {
  home: "M2.5 7.5 8 3l5.5 4.5V13a.5.5 0 0 1-.5.5H9.8V9.5H6.2v4H3a.5.5 0 0 1-.5-.5z",
  project: "M2 4.5A1 1 0 0 1 3 3.5h3.2l1.5 1.7H13a1 1 0 0 1 1 1V12a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1z",
  run: "M4.5 3v10l8-5z",
  stop: "M4.2 4.2h7.6v7.6H4.2z",
  pipeline: "M3.5 5.2a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4Zm0 9a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4Zm9-4.5a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4ZM5.2 3.5h1.5c1.6 0 1.8 4.5 4.1 4.5M5.2 12.5h1.5c1.6 0 1.8-4.5 4.1-4.5",
  data: "M8 6.3c3.04 0 5.5-1.03 5.5-2.3S11.04 1.7 8 1.7 2.5 2.73 2.5 4 4.96 6.3 8 6.3ZM2.5 4v8c0 1.27 2.46 2.3 5.5 2.3s5.5-1.03 5.5-2.3V4M2.5 8c0 1.27 2.46 2.3 5.5 2.3s5.5-1.03 5.5-2.3",
  model: "M8 1.8 13.6 5v6L8 14.2 2.4 11V5zM2.4 5 8 8.2 13.6 5M8 8.2v6",
  deployment: "M8 10V2.2M5 5l3-3 3 3M2.5 9.5V13a.5.5 0 0 0 .5.5h10a.5.5 0 0 0 .5-.5V9.5",
  monitor: "M1.5 8.5h3l2-5.5 3 10 2-4.5h3",
  lineage: "M8 5.4a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6ZM3.6 14.2a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6Zm8.8 0a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6ZM8 5.4v2.1m0 0c-2.6 0-4.4.8-4.4 3.1M8 7.5c2.6 0 4.4.8 4.4 3.1",
  search: "M7.2 12.4a5.2 5.2 0 1 0 0-10.4 5.2 5.2 0 0 0 0 10.4Zm3.8-1.4 3 3",
  menu: "M2 4h12M2 8h12M2 12h12",
  close: "m4 4 8 8m0-8-8 8",
  copy: "M5.5 5.5V3a.5.5 0 0 1 .5-.5h7a.5.5 0 0 1 .5.5v7a.5.5 0 0 1-.5.5h-2.5M3 5.5h7a.5.5 0 0 1 .5.5v7a.5.5 0 0 1-.5.5H3a.5.5 0 0 1-.5-.5V6a.5.5 0 0 1 .5-.5Z",
  check: "m3 8.5 3.3 3.3L13 4.8",
  file: "M3.5 2.5a1 1 0 0 1 1-1H9l3.5 3.5v8.5a1 1 0 0 1-1 1h-7a1 1 0 0 1-1-1zM9 1.5V5h3.5",
  folder: "M2 4.5A1 1 0 0 1 3 3.5h3.2l1.5 1.7H13a1 1 0 0 1 1 1V12a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1z",
  download: "M8 2v8m-3-3 3 3 3-3M2.5 12.5v1h11v-1",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1.1 1.1M11.9 11.9 13 13M3 13l1.1-1.1M11.9 4.1 13 3",
  moon: "M13.5 9.6A6 6 0 0 1 6.4 2.5a6 6 0 1 0 7.1 7.1Z",
  auto: "M8 2.2a5.8 5.8 0 1 0 0 11.6zM8 2.2a5.8 5.8 0 0 1 0 11.6",
  columns: "M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10",
  up: "m4 10 4-4 4 4",
  down: "m4 6 4 4 4-4",
  right: "m6 4 4 4-4 4",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  table: "M2.5 3h11v10h-11zM2.5 6.3h11M2.5 9.6h11M7 3v10",
  pencil: "m3 13 .6-2.8L10.8 3 13 5.2 5.8 12.4z",
  report: "M3 13.5v-11h10v11zM5.5 10.5V8M8 10.5v-5M10.5 10.5V7",
  key: "M5.2 11.8a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm2.6-3h6.7m-2 0v2.4",
  grip: "M6 4h.01M10 4h.01M6 8h.01M10 8h.01M6 12h.01M10 12h.01",
  compare: "M2 12.5 6 6l3 3.5 5-7M2 6.5l3.5 4L9 5l5 5.5",
  user: "M8 8a2.8 2.8 0 1 0 0-5.6A2.8 2.8 0 0 0 8 8Zm-5.2 5.8c.5-2.6 2.6-4 5.2-4s4.700 1.400 5.200 4",
  star: "m8 1.9 1.9 3.9 4.3.6-3.1 3 .7 4.3L8 11.7l-3.8 2 .7-4.3-3.1-3 4.3-.6z",
  pin: "M5 2h6M6.200 2v4.300L4 9h8L9.800 6.300V2M8 9v5",
} as const;

export type GlyphName = keyof typeof PATHS;

export function Glyph({ name, size = 16, filled }: { name: GlyphName; size?: number; filled?: boolean }) {
  return (
    <svg class="glyph" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" fill={filled ? "currentColor" : "none"} stroke="currentColor" stroke-width={name === "more" || name === "grip" ? 2.2 : 1.35} stroke-linecap="round" stroke-linejoin="round">
      <path d={PATHS[name]} />
    </svg>
  );
}

export function Mark() {
  return (
    <svg class="glyph" width="20" height="20" viewBox="0 0 16 16" aria-hidden="true">
      <path d="M2 3.5 8 1l6 2.5-6 2.5z" fill="#8b7cf0" />
      <path d="M2 6.5 8 9v6l-6-2.5z" fill="#5b49c9" />
      <path d="M14 6.5 8 9v6l6-2.5z" fill="#7463e0" />
    </svg>
  );
}
