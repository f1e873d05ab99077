// One run of a pipeline: its steps as a graph and in time, the states of their items, what each wrote, took and gave.
import { useMemo, useState } from "preact/hooks";
import { call, useResource } from "../../kit/api";
import { Badge } from "../../kit/badge";
import { toast } from "../../kit/dialog";
import { count, value } from "../../kit/format";
import { Glyph } from "../../kit/glyphs";
import { useKeys } from "../../kit/keys";
import { Head, Loading, usePage } from "../../kit/page";
import { Ago, Copy, Empty, Failed, Facts, Panel, Tabs } from "../../kit/parts";
import { setQuery, useQuery } from "../../kit/router";
import { lineageOf, pageOfProject } from "../../links";
import { Log } from "../../nouns/log";
import { AskForm, Counts, pageOfPipeline, type Schema } from "../../nouns/pipelines";
import { nameOf, took } from "../../nouns/runs";
import { Walk } from "../../nouns/walk";
import type { Changed, PipelineDetail, PipelineRunSteps } from "../../wire";
import { StepGraph } from "./graph";
import { StepPane } from "./step";
import { Timeline } from "./timeline";

const TABS = [{ id: "graph", title: "Graph" }, { id: "timeline", title: "Timeline" }, { id: "params", title: "Params" }, { id: "log", title: "Console" }, { id: "lineage", title: "Lineage" }];

export default function PipelineRun({ id }: { id: string }) {
  const found = useResource<PipelineRunSteps>(`/pipelines/runs/${id}`, (event) => event.topic === "task" || event.topic === "run");
  const [tab, setTab] = useQuery("tab", "graph");
  const [picked] = useQuery("step");
  const run = found.data?.run;
  usePage({ title: "Pipelines", href: "/pipelines" }, ...(run ? [{ title: nameOf(run), href: pageOfPipeline(nameOf(run)) }, { title: id.slice(-8) }] : [{ title: "…" }]));
  const walk = (by: number) => {
    const keys = found.data?.steps.keys ?? [];
    const at = keys.indexOf(picked.replace(/\[\d+\]$/, ""));
    const next = keys[Math.max(0, Math.min(keys.length - 1, at + by))];
    if (next) setQuery({ step: next });
  };
  useKeys([
    { keys: "j", says: "Next step", act: () => walk(1) },
    { keys: "k", says: "Step before", act: () => walk(-1) },
    { keys: "t", says: "Graph or timeline", act: () => setTab(tab === "timeline" ? "graph" : "timeline") },
    { keys: "f", says: "First step that failed", act: () => { const at = found.data?.steps.states.indexOf("failed") ?? -1; if (at >= 0) setQuery({ step: found.data!.steps.keys[at]! }); } },
  ]);
  if (!found.data || !run) return found.problem ? <Failed problem={found.problem} again={found.reload} /> : <Loading />;
  const { steps, counts } = found.data;
  const choose = (to: string) => setQuery({ step: to === picked ? null : to });
  const shows = tab === "graph" || tab === "timeline";
  return (
    <>
      <Head title={nameOf(run)} badge={<Badge tint state={run.state} />} actions={<><Drive of={found.data} done={found.reload} /><a class="button" href={lineageOf(run.address)}>Lineage</a></>}>
        <span><Ago at={run.started_at_ms ?? run.created_at_ms} /></span>
        {took(run) ? <span>took {took(run)}</span> : null}
        <span>of <a href={pageOfPipeline(nameOf(run))}>{nameOf(run)}</a> in <a href={pageOfProject(run.project)}>{run.project}</a></span>
        {run.tags.trigger ? <span class="cut" title={run.tags.trigger}>{run.tags.schedule ? `${run.tags.schedule}: ` : ""}{run.tags.trigger}</span> : null}
        <Counts counts={counts} />
        <span class="row" style={{ gap: "2px" }}><code class="faint">{run.id}</code><Copy text={run.address} label="Copy the address" /></span>
      </Head>
      <Tabs label="About this pipeline run" now={tab} set={(to) => setTab(to)} tabs={TABS} />
      <Panel id={tab}>
        {run.error ? <p class="traceback" style={{ marginBottom: "12px", overflowWrap: "anywhere" }}>{run.error}</p> : null}
        {shows && !steps.keys.length ? <Empty title="No steps yet">{run.state === "created" ? "It waits for a process to begin it." : "The steps appear when the pipeline has been read."}</Empty> : null}
        {tab === "graph" && steps.keys.length ? <StepGraph of={found.data} chosen={picked} choose={choose} /> : null}
        {tab === "timeline" && steps.keys.length ? <Timeline of={found.data} chosen={picked} choose={choose} turn={found.data} /> : null}
        {tab === "params" ? <Facts rows={[...Object.entries(run.params).map(([k, v]): [string, preact.ComponentChildren] => [k, <code>{value(v)}</code>]), ...Object.entries(run.tags).map(([k, v]): [string, preact.ComponentChildren] => [`tag ${k}`, v])]} /> : null}
        {tab === "log" ? <Log run={id} /> : null}
        {tab === "lineage" ? <Walk address={run.address} /> : null}
        {shows && picked && steps.keys.length ? <StepPane key={picked} of={found.data} place={picked} choose={(to) => setQuery({ step: to })} done={found.reload} /> : shows && steps.keys.length ? <p class="soft" style={{ marginTop: "10px" }}>Choose a step, by <kbd>j</kbd> <kbd>k</kbd> or a click, to see what it wrote and made.</p> : null}
      </Panel>
    </>
  );
}

/** Stop it while it runs, go on with it when it ended before its last step, run it again with other params. */
function Drive({ of, done }: { of: PipelineRunSteps; done: () => void }) {
  const { run } = of;
  const [busy, setBusy] = useState(false);
  const [asks, setAsks] = useState(false);
  const known = useResource<PipelineDetail>(asks ? `/pipelines/${encodeURIComponent(nameOf(run))}` : null);
  const verb = run.state === "running" || run.state === "created" ? "cancel" : run.state === "finished" ? null : "resume";
  const order = async () => {
    setBusy(true);
    try {
      const { changed } = await call<Changed>("POST", `/pipelines/runs/${run.id}/${verb}`);
      toast(verb === "cancel" ? `Cancelled; ${count(changed, "step")} had not ended.` : "It goes on. Steps that had finished are not run again.");
    } catch (error) {
      toast((error as Error).message, "bad");
    }
    setBusy(false);
    done();
  };
  const schema = useMemo(() => known.data?.schema as Schema | undefined, [known.data]);
  return (
    <>
      {verb ? <button type="button" class="button" disabled={busy} onClick={() => void order()}><Glyph name={verb === "cancel" ? "stop" : "run"} size={14} />{verb === "cancel" ? "Cancel" : busy ? "Starting…" : "Resume"}</button> : null}
      {verb === "cancel" ? null : <button type="button" class="button" onClick={() => setAsks(true)}>Run again…</button>}
      {asks && schema ? <AskForm title={`Run ${nameOf(run)} again`} schema={schema} params={run.params} path={`/pipelines/runs/${run.id}/again`} close={() => setAsks(false)} /> : null}
    </>
  );
}
