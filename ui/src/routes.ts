// Which page a path shows. Each page is its own chunk, loaded when first opened.
import type { ComponentType } from "preact";

type Load = () => Promise<{ default: ComponentType<never> }>;

const ROUTES: [RegExp, Load][] = [
  [/^\/$/, () => import("./pages/home")],
  [/^\/projects$/, () => import("./pages/projects")],
  [/^\/projects\/(?<name>[^/]+)$/, () => import("./pages/project")],
  [/^\/runs$/, () => import("./pages/runs")],
  [/^\/runs\/(?<id>[^/]+)$/, () => import("./pages/run")],
  [/^\/compare$/, () => import("./pages/compare")],
  [/^\/reports$/, () => import("./pages/reports")],
  [/^\/reports\/(?<name>[^/]+)$/, () => import("./pages/report")],
  [/^\/pipelines$/, () => import("./pages/pipelines")],
  [/^\/pipelines\/(?<name>[^/]+)$/, () => import("./pages/pipeline")],
  [/^\/pipelines\/runs\/(?<id>[^/]+)$/, () => import("./pages/pipeline-run")],
  [/^\/data$/, () => import("./pages/datasets")],
  [/^\/data\/(?<name>[^/]+)$/, () => import("./pages/dataset")],
  [/^\/datums\/(?<name>[^/]+)$/, () => import("./pages/datums")],
  [/^\/models$/, () => import("./pages/models")],
  [/^\/models\/(?<name>[^/]+)$/, () => import("./pages/model")],
  [/^\/evaluations$/, () => import("./pages/evaluations")],
  [/^\/evaluations\/(?<id>[^/]+)$/, () => import("./pages/evaluation")],
  [/^\/versions\/(?<id>[^/]+)$/, () => import("./pages/version")],
  [/^\/deployments$/, () => import("./pages/deployments")],
  [/^\/deployments\/(?<id>[^/]+)$/, () => import("./pages/deployment")],
  [/^\/monitors$/, () => import("./pages/monitors")],
  [/^\/monitors\/(?<name>[^/]+)$/, () => import("./pages/monitor")],
  [/^\/schemas$/, () => import("./pages/schemas")],
  [/^\/schemas\/(?<name>[^/]+)$/, () => import("./pages/schema")],
  [/^\/lineage$/, () => import("./pages/lineage")],
];

/** The page's code and what its path says; null when no page has this path. */
export function route(path: string): { load: Load; says: Record<string, string> } | null {
  const plain = path.length > 1 ? path.replace(/\/+$/, "") : path;
  for (const [pattern, load] of ROUTES) {
    const match = pattern.exec(plain);
    if (match) return { load, says: Object.fromEntries(Object.entries(match.groups ?? {}).map(([k, v]) => [k, decodeURIComponent(v)])) };
  }
  return null;
}
