// The pages in the side navigation, in order; `goes` is the key after g.
import type { GlyphName } from "./kit/glyphs";

export const NAVIGATION: { path: string; title: string; glyph: GlyphName; goes: string }[] = [
  { path: "/", title: "Home", glyph: "home", goes: "h" },
  { path: "/projects", title: "Projects", glyph: "project", goes: "o" },
  { path: "/runs", title: "Runs", glyph: "run", goes: "r" },
  { path: "/reports", title: "Reports", glyph: "report", goes: "t" },
  { path: "/pipelines", title: "Pipelines", glyph: "pipeline", goes: "p" },
  { path: "/data", title: "Datasets", glyph: "data", goes: "d" },
  { path: "/models", title: "Models", glyph: "model", goes: "m" },
  { path: "/evaluations", title: "Evaluations", glyph: "star", goes: "v" },
  { path: "/deployments", title: "Deployments", glyph: "deployment", goes: "e" },
  { path: "/monitors", title: "Monitors", glyph: "monitor", goes: "n" },
  { path: "/schemas", title: "Schemas", glyph: "check", goes: "s" },
  { path: "/lineage", title: "Lineage", glyph: "lineage", goes: "l" },
];
