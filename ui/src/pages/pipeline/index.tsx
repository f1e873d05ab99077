// One pipeline: its runs by its steps, how long they took, what starts it and when, and a form that starts it now.
import { useMemo, useState } from "preact/hooks";
import { useResource, withQuery } from "../../kit/api";
import { Badge } from "../../kit/badge";
import { Chart } from "../../kit/chart";
import { ago, count, percent, value, when } from "../../kit/format";
import { Glyph } from "../../kit/glyphs";
import { useKeys } from "../../kit/keys";
import { Head, Loading, Section, usePage } from "../../kit/page";
import { Ago, Empty, Failed, Panel, Tabs } from "../../kit/parts";
import { useQuery } from "../../kit/router";
import { Table, type Column } from "../../kit/table";
import { pen } from "../../kit/theme";
import { lineageOf, pageOfProject } from "../../links";
import { AskForm, pageOfPipelineRun, said, type Schema } from "../../nouns/pipelines";
import { Schedules } from "../../nouns/schedules";
import { duration } from "../../kit/format";
import type { PipelineDetail, RunMark } from "../../wire";
import { Grid } from "./grid";

const RUNS: Column<RunMark>[] = [
  { key: "run", title: "Run", width: 110, cell: (run) => <a class="mono" href={pageOfPipelineRun(run.id)}>{run.id.slice(-8)}</a> },
  { key: "state", title: "State", width: 110, cell: (run) => <Badge state={run.state} /> },
  { key: "at", title: "Started", width: 110, cell: (run) => <Ago at={run.at_ms} /> },
  { key: "took", title: "Took", width: 90, numeric: true, cell: (run) => duration(run.duration_ms) },
  { key: "trigger", title: "Started by", width: 260, cell: (run) => <span title={run.trigger}>{run.trigger || <span class="faint">by hand</span>}</span> },
  { key: "error", title: "Error", cell: (run) => <span title={run.error ?? ""}>{run.error}</span> },
];

export default function Pipeline({ name }: { name: string }) {
  usePage({ title: "Pipelines", href: "/pipelines" }, { title: name });
  const [tab, setTab] = useQuery("tab", "grid");
  const [asks, setAsks] = useState(false);
  const found = useResource<PipelineDetail>(`/pipelines/${encodeURIComponent(name)}`, (event) => event.topic === "run" || event.topic === "ref");
  useKeys([{ keys: "n", says: "New run", act: () => setAsks(true) }]);
  const chosen = useMemo(() => found.data?.schema as Schema | undefined, [found.data?.address]);
  if (!found.data) return found.problem ? <Failed problem={found.problem} again={found.reload} /> : <Loading />;
  const { row, durations } = found.data;
  return (
    <>
      <Head title={name} badge={row.recent[0] ? <Badge tint state={row.recent[0].state} /> : null} actions={<>
        <button type="button" class="button main" disabled={!found.data.base_run} title={found.data.base_run ? "Run it now (n)" : `Run it once from the command line: tenfold run file.py:${name}`} onClick={() => setAsks(true)}><Glyph name="run" size={14} />Run…</button>
        {found.data.address ? <a class="button" href={lineageOf(found.data.address)}>Lineage</a> : null}
      </>}>
        <span>in <a href={pageOfProject(found.data.project, "pipeline")}>{found.data.project}</a></span>
        {row.succeeded !== null ? <span>{percent(row.succeeded, 0)} of the newest {row.recent.length} succeeded</span> : null}
        {row.failed ? <a href={pageOfPipelineRun(row.failed.id)} title={said(row.failed)}>failed <Ago at={row.failed.at_ms} /></a> : null}
        {row.next_ms ? <span title={when(row.next_ms)}>next {ago(row.next_ms)}</span> : row.schedules.length ? <span>{row.paused.length === row.schedules.length ? "paused" : "starts on events"}</span> : <span>started by hand</span>}
        {row.waiting ? <span>{count(row.waiting, "run")} waiting</span> : null}
      </Head>
      <Tabs label="About this pipeline" now={tab} set={(to) => setTab(to)} tabs={[{ id: "grid", title: "Grid" }, { id: "runs", title: "Runs", count: durations.length < 200 ? durations.length : undefined }, { id: "schedules", title: "Schedules", count: row.schedules.length }, { id: "params", title: "Params" }]} />
      <Panel id={tab}>
        {tab === "grid" ? (durations.length ? <><Durations of={durations} /><Grid name={name} turn={durations[0] ? `${durations[0].id}${durations[0].state}` : ""} /></> : <Empty title="It has not run yet" lines={`tenfold run file.py:${name}`}>Its runs stand here side by side, step by step.</Empty>) : null}
        {tab === "runs" ? <Table label={`Runs of ${name}`} rows={durations} id={(run) => run.id} columns={RUNS} /> : null}
        {tab === "schedules" ? <Schedules pipeline={name} /> : null}
        {tab === "params" ? <Params of={found.data} /> : null}
      </Panel>
      {asks && chosen ? <AskForm title={`Run ${name}`} schema={chosen} params={found.data.params} path={withQuery(`/pipelines/${encodeURIComponent(name)}`, {})} close={() => setAsks(false)} /> : null}
    </>
  );
}

function Durations({ of }: { of: RunMark[] }) {
  const ended = useMemo(() => [...of].reverse().filter((run) => run.duration_ms !== null && run.state !== "running"), [of]);
  const lines = useMemo(() => {
    const xs = ended.map((run) => run.at_ms / 1000);
    const line = (id: string, label: string, n: number, of: (run: RunMark) => boolean) => ({ id, label, pen: pen(n), xs, ys: ended.map((run) => (of(run) ? run.duration_ms! / 1000 : null)) });
    return [line("finished", "finished, seconds", 0, (run) => run.state === "finished"), line("failed", "not finished, seconds", 1, (run) => run.state !== "finished")].filter((one) => one.ys.some((y) => y !== null));
  }, [ended]);
  if (ended.length < 3) return null;
  return <div style={{ maxWidth: "900px", marginBottom: "16px" }}><Chart title="How long runs took" lines={lines} x="time" xName="started" height={120} dots /></div>;
}

function Params({ of }: { of: PipelineDetail }) {
  const schema = of.schema as Schema;
  const names = Object.keys(schema.properties ?? {});
  if (!names.length) return <p class="soft">It takes no params.</p>;
  return (
    <Section title="Params">
      <Table label="Params" rows={names} id={(name) => name} columns={[
        { key: "name", title: "Param", width: 200, cell: (name) => <code>{name}</code> },
        { key: "type", title: "Takes", width: 240, cell: (name) => <code>{kind(schema.properties![name]!)}</code> },
        { key: "default", title: "Default", width: 180, cell: (name) => <code>{value(schema.properties![name]!.default)}</code> },
        { key: "newest", title: "In the newest run", cell: (name) => <code>{value(of.params[name])}</code> },
      ]} />
    </Section>
  );
}

function kind(of: Schema): string {
  if (of.enum) return of.enum.map((one) => JSON.stringify(one)).join(" | ");
  if (of.anyOf) return of.anyOf.map(kind).join(" | ");
  if (of.$ref) return of.$ref.split("/").at(-1)!;
  const type = Array.isArray(of.type) ? of.type.join(" | ") : (of.type ?? "any");
  return [type, of.format ?? "", of.minimum !== undefined ? `≥ ${of.minimum}` : "", of.maximum !== undefined ? `≤ ${of.maximum}` : ""].filter(Boolean).join(" ");
}
