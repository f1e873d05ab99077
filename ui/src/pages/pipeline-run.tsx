// One run of a pipeline: its graph with the state of each step, when each ran, and what each wrote.
import { useMemo, useState } from "preact/hooks";
import { call, useResource } from "../kit/api";
import { Badge, colourOf } from "../kit/badge";
import { toast } from "../kit/dialog";
import { count, duration, now, value, when } from "../kit/format";
import { Glyph } from "../kit/glyphs";
import { Graph, type GraphEdge, type GraphNode } from "../kit/graph";
import { Head, Loading, Section, usePage } from "../kit/page";
import { Ago, Copy, Empty, Failed, Facts, Panel, Tabs } from "../kit/parts";
import { setQuery, useQuery } from "../kit/router";
import { lineageOf, pageOfProject } from "../links";
import { Log } from "../nouns/log";
import { nameOf, took } from "../nouns/runs";
import { filesAndSize, VersionName } from "../nouns/versions";
import { Walk } from "../nouns/walk";
import type { ArtifactUses, Changed, GraphNode as Step, PipelineGraph, RunRow } from "../wire";

const FOLD = 6;

export default function PipelineRun({ id }: { id: string }) {
  const graph = useResource<PipelineGraph>(`/pipelines/runs/${id}/graph`, (event) => event.topic === "task" || event.topic === "run");
  const [tab, setTab] = useQuery("tab", "graph");
  const [picked] = useQuery("step");
  const run = graph.data?.run;
  usePage({ title: "Pipelines", href: "/pipelines" }, { title: run ? nameOf(run) : "…" });
  const drawn = useMemo(() => (graph.data ? folded(graph.data) : null), [graph.data]);
  if (!graph.data || !run || !drawn) return graph.problem ? <Failed problem={graph.problem} again={graph.reload} /> : <Loading />;
  const { nodes, counts } = graph.data;
  const chosen = nodes.find((node) => node.id === picked) ?? nodes.find((node) => node.step === picked);
  const group = chosen ? nodes.filter((node) => node.step === chosen.step) : [];
  const choose = (to: string) => setQuery({ step: to === picked ? null : to });
  return (
    <>
      <Head title={nameOf(run)} badge={<Badge tint state={run.state} />} actions={<><Drive run={run} done={graph.reload} /><a class="button" href={lineageOf(run.address)}>Lineage</a></>}>
        <span><Ago at={run.started_at_ms ?? run.created_at_ms} /></span>
        {took(run) ? <span>took {took(run)}</span> : null}
        <span>in <a href={pageOfProject(run.project)}>{run.project}</a></span>
        {Object.entries(counts).filter(([, n]) => n).map(([state, n]) => <Badge key={state} state={state} word={`${n} ${state}`} />)}
        <span class="row" style={{ gap: "2px" }}><code class="faint">{run.id}</code><Copy text={run.address} label="Copy the address" /></span>
      </Head>
      <Tabs label="About this pipeline run" now={tab} set={(to) => setTab(to)} tabs={[{ id: "graph", title: "Graph" }, { id: "timeline", title: "Timeline" }, { id: "params", title: "Params" }, { id: "log", title: "Console" }, { id: "lineage", title: "Lineage" }]} />
      <Panel id={tab}>
        {run.error ? <p class="traceback" style={{ marginBottom: "16px", overflowWrap: "anywhere" }}>{run.error}</p> : null}
        {tab === "graph" ? (nodes.length ? <Graph label={`Steps of ${nameOf(run)}`} nodes={drawn.nodes} edges={drawn.edges} chosen={chosen ? (drawn.nodes.some((n) => n.id === chosen.id) ? chosen.id : chosen.step) : undefined} choose={choose} height={Math.min(460, 140 + drawn.nodes.length * 24)} /> : <Empty title="No steps yet">The graph appears when the pipeline has been read.</Empty>) : null}
        {tab === "timeline" ? <Timeline steps={nodes} chosen={chosen?.id} choose={choose} /> : null}
        {tab === "params" ? <Facts rows={Object.entries(run.params).map(([k, v]) => [k, <code>{value(v)}</code>])} /> : null}
        {tab === "log" ? <Log run={id} /> : null}
        {tab === "lineage" ? <Walk address={run.address} /> : null}
        {chosen && (tab === "graph" || tab === "timeline") ? <StepPane key={chosen.id} step={chosen} group={group} choose={choose} /> : tab === "graph" && nodes.length ? <p class="soft" style={{ marginTop: "12px" }}>Choose a step to see what it wrote and made.</p> : null}
      </Panel>
    </>
  );
}

/** Stop it while it runs, go on with it when it ended before its last step. */
function Drive({ run, done }: { run: RunRow; done: () => void }) {
  const [busy, setBusy] = useState(false);
  const verb = run.state === "running" || run.state === "created" ? "cancel" : run.state === "finished" ? null : "resume";
  if (!verb) return null;
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
  return <button type="button" class="button" disabled={busy} onClick={() => void order()}><Glyph name={verb === "cancel" ? "stop" : "run"} size={14} />{verb === "cancel" ? "Cancel" : busy ? "Starting…" : "Resume"}</button>;
}

/** Steps that fan out widely are drawn as one node. */
function folded(graph: PipelineGraph): { nodes: GraphNode[]; edges: GraphEdge[] } {
  const steps = new Map<string, Step[]>();
  for (const node of graph.nodes) steps.set(node.step, [...(steps.get(node.step) ?? []), node]);
  const name = new Map<string, string>();
  const nodes: GraphNode[] = [];
  for (const [step, members] of steps) {
    if (members.length <= FOLD) {
      for (const node of members) {
        name.set(node.id, node.id);
        nodes.push({ id: node.id, name: node.key, note: noteOf(node), state: node.state });
      }
      continue;
    }
    for (const node of members) name.set(node.id, step);
    const states = ["failed", "running", "ready", "waiting", "cancelled", "skipped", "finished", "cached"];
    const state = states.find((one) => members.some((node) => node.state === one));
    const done = members.filter((node) => node.state === "finished" || node.state === "cached").length;
    nodes.push({ id: step, name: `${step} × ${members.length}`, note: `${done} of ${members.length} done`, state });
  }
  const edges = new Map<string, GraphEdge>();
  for (const edge of graph.edges) {
    const [source, target] = [name.get(edge.source), name.get(edge.target)];
    if (source && target && source !== target) edges.set(`${source}>${target}`, { source, target, label: edge.label });
  }
  return { nodes, edges: [...edges.values()] };
}

function noteOf(step: Step): string {
  if (step.state === "cached") return "found in the cache";
  if (step.state === "running" && step.started_at_ms) return `${duration(now.value - step.started_at_ms)}${step.attempt > 1 ? `, attempt ${step.attempt}` : ""}`;
  return [step.duration_ms !== null ? duration(step.duration_ms) : step.state, step.attempt > 1 ? `attempt ${step.attempt}` : ""].filter(Boolean).join(", ");
}

function Timeline({ steps, chosen, choose }: { steps: Step[]; chosen: string | undefined; choose: (id: string) => void }) {
  const ran = steps.filter((step) => step.started_at_ms !== null);
  if (!ran.length) return <p class="soft">No step has started.</p>;
  const start = Math.min(...ran.map((step) => step.started_at_ms!));
  const end = Math.max(start + 1, ...ran.map((step) => step.ended_at_ms ?? now.value));
  return (
    <div class="tablebox" tabIndex={0} role="region" aria-label="When each step ran">
      <table class="table" style={{ minWidth: "480px", tableLayout: "fixed" }}>
        <colgroup><col style={{ width: "180px" }} /><col /><col style={{ width: "90px" }} /></colgroup>
        <thead><tr><th scope="col">Step</th><th scope="col">From {when(start)}, {duration(end - start)} in all</th><th scope="col" class="num">Took</th></tr></thead>
        <tbody>
          {ran.map((step) => (
            <tr key={step.id} class={step.id === chosen ? "chosen" : ""}>
              <td><button type="button" class="button bare" style={{ height: "24px", padding: "0 4px", maxWidth: "100%" }} onClick={() => choose(step.id)}><Badge state={step.state} word="" /><span class="cut">{step.key}</span></button></td>
              <td class="timeline"><span class="bar" title={`${step.key}: ${step.state}`} style={{ left: `calc(10px + (100% - 20px) * ${(step.started_at_ms! - start) / (end - start)})`, width: `calc((100% - 20px) * ${((step.ended_at_ms ?? now.value) - step.started_at_ms!) / (end - start)})`, background: colourOf(step.state) }} /></td>
              <td class="num">{duration((step.ended_at_ms ?? now.value) - step.started_at_ms!)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function StepPane({ step, group, choose }: { step: Step; group: Step[]; choose: (id: string) => void }) {
  const made = useResource<ArtifactUses>(step.run_id ? `/runs/${step.run_id}/artifacts` : null, (event) => event.topic === "version");
  return (
    <section class="section" aria-label={`Step ${step.key}`}>
      <div class="title">
        <h2>{step.key}</h2><Badge state={step.state} />
        {group.length > 1 ? (
          <select class="input" aria-label="Which of the fan-out" value={step.id} onChange={(event) => choose(event.currentTarget.value)}>
            {group.map((one) => <option key={one.id} value={one.id}>{one.key}, {one.state}</option>)}
          </select>
        ) : null}
        {step.run_id ? <a href={`/runs/${step.run_id}`}>Open its run</a> : null}
      </div>
      {step.error ? <details class="traceback" style={{ marginBottom: "8px" }} open><summary>{step.error.split("\n")[0]}</summary>{step.error.includes("\n") ? <pre>{step.error.split("\n").slice(1).join("\n")}</pre> : null}</details> : null}
      <div class="columns">
        <div>
          <Facts rows={[
            ["Why", step.why], ["Took", step.duration_ms !== null ? duration(step.duration_ms) : null], ["Attempt", step.attempt > 1 ? step.attempt : null], ["Started", step.started_at_ms ? when(step.started_at_ms) : null],
            ...Object.entries(step.params).map(([k, v]): [string, preact.ComponentChildren] => [k, <code>{value(v)}</code>]),
          ]} />
          {made.data?.items.length ? (
            <Section title="Artifacts">
              <ul class="lineslist">{made.data.items.map((item) => <li key={item.version.id + item.role + item.direction}><span class="soft" style={{ width: "52px", flex: "none" }}>{item.direction === "used" ? "used" : "made"}</span><VersionName version={item.version} full /><span class="when hide-narrow">{filesAndSize(item.version)}</span></li>)}</ul>
            </Section>
          ) : null}
        </div>
        <div>{step.run_id ? <Section title="Console"><Log run={step.run_id} height="360px" /></Section> : null}</div>
      </div>
    </section>
  );
}
