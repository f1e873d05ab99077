// What a gate said of a model version.
import { Badge } from "../kit/badge";

export function Verdict({ verdict, tint }: { verdict: string | null; tint?: boolean }) {
  if (verdict === null) return <span class="faint">not judged</span>;
  return <Badge {...(tint ? { tint } : {})} state={verdict === "passed" ? "passed" : "refused"} word={verdict} />;
}

/** The metrics worth a column, the usual names first. */
export function leading(rows: { metrics: Record<string, number | null> }[], most = 5): string[] {
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row.metrics)))];
  const first = ["roc_auc", "auc", "f1", "accuracy", "log_loss", "rmse", "mae", "r2"];
  const rank = (key: string) => (first.indexOf(key) < 0 ? 99 : first.indexOf(key));
  return keys.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b)).slice(0, most);
}
