// One evaluation: metrics beside the baseline, slices, curves, confusion, fairness, and what the gate said.
import { useResource } from "../../kit/api";
import { count } from "../../kit/format";
import { Glyph } from "../../kit/glyphs";
import { Head, Loading, usePage } from "../../kit/page";
import { Ago, Failed, Panel, Tabs } from "../../kit/parts";
import { go, useQuery } from "../../kit/router";
import { lineageOf, pageOfVersion } from "../../links";
import { Verdict } from "../../nouns/verdict";
import type { EvaluationDetail } from "../../wire";
import { Confusion, Curves } from "./curves";
import { Fairness } from "./fairness";
import { Metrics } from "./metrics";
import { Slices } from "./slices";
import "./evaluation.css";

export default function EvaluationPage({ id }: { id: string }) {
  const detail = useResource<EvaluationDetail>(`/evaluations/${id}`);
  const [tab, setTab] = useQuery("tab", "metrics");
  const version = detail.data?.version;
  usePage({ title: "Evaluations", href: "/evaluations" }, { title: version ? `${version.name} v${version.number}` : "…" });
  if (!detail.data || !version) return detail.problem ? <Failed problem={detail.problem} again={detail.reload} /> : <Loading />;
  const { evaluation: found, verdict, model, baseline, data, others } = detail.data;
  const fair = found.fairness ?? [];
  const tabs = [
    { id: "metrics", title: "Metrics" },
    { id: "slices", title: "Slices", count: found.slices?.length },
    ...(found.roc?.length || found.calibration?.length ? [{ id: "curves", title: "Curves" }] : []),
    ...(found.confusion?.length ? [{ id: "confusion", title: "Confusion" }] : []),
    ...(fair.length ? [{ id: "fairness", title: "Fairness", count: fair.length }] : []),
  ];
  const now = tabs.some((one) => one.id === tab) ? tab : "metrics";
  return (
    <>
      <Head title={`${version.name} v${version.number}`} badge={<Verdict tint verdict={verdict ? (verdict.passed ? "passed" : "failed") : null} />} actions={
        <>
          {others.length > 1 ? (
            <select class="input" aria-label="Evaluation" value={version.id} onChange={(event) => go(`/evaluations/${event.currentTarget.value}${location.search}`)}>
              {others.map((one) => <option key={one.id} value={one.id}>v{one.number}</option>)}
            </select>
          ) : null}
          <a class="button" href={lineageOf(version.address)}><Glyph name="lineage" size={14} />Lineage</a>
        </>
      }>
        <span>{found.task}</span>
        <span>{count(found.rows, found.task === "ranking" ? "query" : "row", found.task === "ranking" ? "queries" : "rows")}{found.weighted ? ", weighted" : ""}</span>
        {model ? <span>of <a href={pageOfVersion(model)}>{model.address}</a></span> : null}
        {data ? <span>on <a href={pageOfVersion(data)}>{data.address}</a></span> : null}
        {baseline ? <span>beside <a href={pageOfVersion(baseline)}>{baseline.address}</a></span> : null}
        <span><Ago at={version.created_at_ms} /></span>
      </Head>
      <Tabs label="About this evaluation" now={now} set={(to) => setTab(to)} tabs={tabs} />
      <Panel id={now}>
        {now === "metrics" ? <Metrics detail={detail.data} /> : null}
        {now === "slices" ? <Slices detail={detail.data} /> : null}
        {now === "curves" ? <Curves found={found} /> : null}
        {now === "confusion" ? <Confusion found={found} /> : null}
        {now === "fairness" ? <Fairness of={fair} /> : null}
      </Panel>
    </>
  );
}
