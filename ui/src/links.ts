// From nouns to the pages that show them. Neither the kit nor a page: both the shell and pages link through here.
import type { GlyphName } from "./kit/glyphs";

export const pageOfRun = (run: { id: string; kind: string }): string =>
  run.kind === "pipeline" ? `/pipelines/runs/${run.id}` : run.kind === "deployment" ? `/deployments/${run.id}` : `/runs/${run.id}`;

/** A project's page, or with a kind the table of its runs of that kind. */
export const pageOfProject = (project: string, kind?: string): string =>
  kind ? `/runs?${new URLSearchParams({ project, kind })}` : `/projects/${encodeURIComponent(project)}`;

export function pageOfVersion(version: { id: string; kind: string; name: string; number: number }): string {
  if (version.kind === "data") return `/data/${encodeURIComponent(version.name)}?version=${version.number}`;
  if (version.kind === "writeup") return `/reports/${encodeURIComponent(version.name)}?version=${version.number}`;
  if (version.kind === "model") return `/models/${encodeURIComponent(version.name)}?version=${version.number}`;
  if (version.kind === "evaluation") return `/evaluations/${version.id}`;
  return `/versions/${version.id}`;
}

export const lineageOf = (address: string): string => `/lineage?address=${encodeURIComponent(address)}`;

const GLYPHS: Record<string, GlyphName> = {
  run: "run", training: "run", step: "run", trial: "run", evaluation: "report", check: "monitor", deployment: "deployment", pipeline: "pipeline", commit: "data",
  data: "data", model: "model", report: "report", writeup: "report", predictions: "table", outcomes: "table", output: "file", profile: "table", schema: "file", log: "file", media: "file",
  project: "project", monitor: "monitor", prediction: "table", page: "right",
};

export const glyphOf = (kind: string): GlyphName => GLYPHS[kind] ?? "file";
