// Which params the metric hangs on: their share in what a forest explains, and their correlation.
import { useMemo } from "preact/hooks";
import { posed, useResource } from "../../kit/api";
import { count, percent } from "../../kit/format";
import { Loading } from "../../kit/page";
import { Empty, Failed } from "../../kit/parts";
import { setQuery, useQuery } from "../../kit/router";
import type { Compared } from "../../nouns/runset";
import type { Importance as Answer } from "../../wire";
import "../../nouns/spread.css";

export function Importance({ set }: { set: Compared }) {
  const metrics = set.keys.filter((key) => !key.startsWith("system/"));
  const [metric, setMetric] = useQuery("of", metrics[0] ?? "");
  const [rule, setRule] = useQuery("rule");
  const question = useMemo(() => (metric ? posed("/compare/importance", { runs: set.shown.map((run) => run.id), metric, ...(rule ? { summary: rule } : {}) }) : null), [set.shown, metric, rule]);
  const answer = useResource<Answer>(set.shown.length ? question : null);
  if (!metrics.length) return <Empty title="No metrics yet" lines={`run.log({"loss": 0.31}, step=1)`}>What params matter for shows here once runs have logged a metric.</Empty>;
  const told = answer.data;
  return (
    <>
      <div class="toolbar lookbar">
        <label class="row"><span class="soft">For</span><select class="input" aria-label="Metric" value={metric} onChange={(event) => setMetric(event.currentTarget.value)}>{metrics.map((key) => <option key={key}>{key}</option>)}</select></label>
        <select class="input" aria-label="Which of its numbers" value={rule} onChange={(event) => setRule(event.currentTarget.value)}><option value="">as defined</option><option value="last">last</option><option value="min">smallest</option><option value="max">largest</option><option value="mean">mean</option></select>
        {told ? <span class="soft">{count(told.runs, "run")}, {told.summary} value</span> : null}
      </div>
      {answer.problem ? <Failed problem={answer.problem} again={answer.reload} /> : !told ? <Loading /> : told.items.length ? (
        <div class={`tablebox${answer.stale ? " stale" : ""}`} tabIndex={0} role="region" aria-label="Importance of params">
          <table class="table auto">
            <thead><tr><th class="lead" scope="col">Param</th><th scope="col" style={{ width: "220px" }}>Share</th><th scope="col" class="num">%</th><th scope="col" style={{ width: "144px" }}>Correlation</th><th scope="col" class="num">ρ or η</th><th scope="col" class="num">Values</th><th scope="col">Look</th></tr></thead>
            <tbody>
              {told.items.map((one) => (
                <tr key={one.param}>
                  <td class="lead" title={one.param}>{one.param}</td>
                  <td><span class="share" style={{ width: `${one.share * 200}px` }} /></td><td class="num">{percent(one.share, 1)}</td>
                  <td>{one.correlation === null ? "" : <span class="tie"><i style={{ background: one.kind === "word" ? "var(--faint)" : one.correlation > 0 ? "var(--series-1)" : "var(--series-0)", left: `${60 + Math.min(0, one.correlation) * 60}px`, width: `${Math.abs(one.correlation) * 60}px` }} /></span>}</td>
                  <td class="num">{one.correlation === null ? "—" : one.correlation.toFixed(2).replace("-", "−")}</td><td class="num">{one.values}</td>
                  <td><button type="button" class="button bare" aria-label={`Scatter of ${one.param}`} onClick={() => setQuery({ tab: "scatter", px: `params.${one.param}`, py: `metrics.${metric}` }, { push: true })}>scatter</button></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : <Empty title="Nothing to weigh">{told.runs ? "The params are the same in all of these runs." : "None of these runs has this metric."}</Empty>}
      {told?.items.length && told.items.every((one) => one.share === 0) ? <p class="soft">{told.runs < 4 ? "Four runs or more are needed to tell what matters." : "Nothing can be told: no param helps to guess the metric."}</p> : null}
      <p class="tablenote">Share: how much worse a small forest guesses the metric of runs it has not seen when the param’s values are shuffled. It says what goes together, not what causes it. {told?.constant.length ? `The same in all: ${told.constant.join(", ")}.` : ""}</p>
    </>
  );
}
