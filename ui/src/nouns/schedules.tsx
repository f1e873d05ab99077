// Schedules, of all pipelines or of one: next times, paused and put in force, started by hand, run for the past.
import "./pipelines.css";
import { useEffect, useState } from "preact/hooks";
import { call, useResource, withQuery } from "../kit/api";
import { Badge } from "../kit/badge";
import { Dialog, toast } from "../kit/dialog";
import { ago, count, value, when } from "../kit/format";
import { Filter } from "../kit/filter";
import { Loading } from "../kit/page";
import { Empty, Failed } from "../kit/parts";
import { useQuery } from "../kit/router";
import { Table, type Column } from "../kit/table";
import type { BackfillPlan, Changed, ScheduleList, ScheduleRow } from "../wire";
import { isDay, local, momentIn, ScheduleForm } from "./schedule-form";
import { AskForm, pageOfPipeline, pageOfPipelineRun, said, type Schema } from "./pipelines";

const DAY = 86_400_000;
const LOOK_MS = 30_000;

const sinceOf = (at_ms: number): string => (ago(at_ms) === "now" ? "just now" : `since ${ago(at_ms).replace(" ago", "")}`);

export function Schedules({ pipeline }: { pipeline?: string }) {
  const list = useResource<ScheduleList>(withQuery("/schedules", { pipeline }), (event) => event.topic === "run" || event.topic === "ref" || event.topic === "version");
  useEffect(() => {
    const timer = window.setInterval(list.reload, LOOK_MS); // what is late comes with time alone
    return () => window.clearInterval(timer);
  }, [list.reload]);
  const [find, setFind] = useQuery("q");
  const [asked, setAsked] = useState<{ what: "trigger" | "backfill" | "edit"; of: ScheduleRow } | { what: "new"; of: null } | null>(null);
  const closed = (saved: boolean) => {
    setAsked(null);
    if (saved) list.reload();
  };
  if (!list.data) return list.problem ? <Failed problem={list.problem} again={list.reload} /> : <Loading />;
  const lines = `tenfold schedules add nightly train.py:${pipeline ?? "daily"} --cron '0 2 * * *'\ntenfold schedules add on-data train.py:${pipeline ?? "daily"} --on data:sales@main`;
  const form = asked?.what === "new" || asked?.what === "edit" ? <ScheduleForm of={asked.of} pipeline={pipeline} close={closed} /> : null;
  const add = <button type="button" class="button" onClick={() => setAsked({ what: "new", of: null })}>New schedule…</button>;
  if (!list.data.items.length) return <><Empty title="Nothing starts by itself" lines={lines}>A schedule starts a pipeline at times, or when data or a model moves, a run ends, a file arrives, a request comes in.<p style={{ marginTop: "8px" }}>{add}</p></Empty>{form}</>;
  const rows = list.data.items.filter((row) => `${row.name} ${row.pipeline} ${row.says}`.toLowerCase().includes(find.toLowerCase())).sort((a, b) => Math.sign((a.next_ms[0] ?? 1e15) - (b.next_ms[0] ?? 1e15)) || Number(b.active) - Number(a.active));
  const pause = async (of: ScheduleRow) => {
    try {
      await call<Changed>("PATCH", `/schedules/${encodeURIComponent(of.name)}`, { active: !of.active });
      toast(of.active ? `${of.name} is paused. Runs that wait or run go on.` : `${of.name} is in force.`);
      list.reload();
    } catch (error) {
      toast((error as Error).message, "bad");
    }
  };
  const late = list.data.items.some((row) => row.late_ms.length);
  const columns: Column<ScheduleRow>[] = [
    { key: "name", title: "Schedule", width: 160, cell: (row) => <a href={pageOfPipeline(row.pipeline)} title={row.name}>{row.name}</a> },
    { key: "state", title: "State", width: 84, cell: (row) => <Badge state={row.active ? "live" : "stopped"} word={row.active ? "in force" : "paused"} /> },
    ...(pipeline ? [] : [{ key: "pipeline", title: "Pipeline", width: 124, cell: (row: ScheduleRow) => <a href={pageOfPipeline(row.pipeline)}>{row.pipeline}</a> }]),
    { key: "says", title: "Starts", width: 160, cell: (row) => <span title={row.says}>{row.says}{row.hook && row.has_times ? ", by a request" : ""}</span> },
    { key: "next", title: "Next", width: 146, cell: (row) => (row.next_ms[0] ? <time dateTime={new Date(row.next_ms[0]).toISOString()} title={row.next_ms.map((at) => `${local(at, row.timezone)} ${row.timezone}`).join("\n")}>{local(row.next_ms[0], row.timezone)}</time> : "") },
    ...(late ? [] : [{ key: "in", title: "In", width: 64, cell: (row: ScheduleRow) => (row.next_ms[0] ? ago(row.next_ms[0]).replace("in ", "") : "") }]),
    { key: "last", title: "Last run", width: 126, cell: (row) => (row.last ? <a class="plain row" href={pageOfPipelineRun(row.last.id)} title={said(row.last)}><Badge state={row.last.state} /><span class="soft">{ago(row.last.at_ms)}</span></a> : "") },
    ...(late ? [{ key: "late", title: "Late", width: 112, cell: (row: ScheduleRow) => (row.late_ms[0] ? <span class="row" title={`Not ended ${row.late_after} after:\n${row.late_ms.map((at) => local(at, row.timezone)).join("\n")}`}><Badge state="warning" word={`${row.late_ms.length > 1 ? `${row.late_ms.length}, ` : ""}${sinceOf(row.late_ms[0])}`} /></span> : "") }] : []),
    { key: "waiting", title: "Waiting", width: 62, numeric: true, cell: (row) => row.waiting || "" },
    { key: "do", title: "Do", width: 248, cell: (row) => (
      <span class="row" style={{ gap: "2px" }}>
        <button type="button" class="button bare" style={{ height: "24px" }} onClick={() => void pause(row)}>{row.active ? "Pause" : "Activate"}</button>
        <button type="button" class="button bare" style={{ height: "24px" }} aria-label={`Run ${row.name} now`} onClick={() => setAsked({ what: "trigger", of: row })}>Run…</button>
        {row.has_times ? <button type="button" class="button bare" style={{ height: "24px" }} aria-label={`Backfill ${row.name}`} onClick={() => setAsked({ what: "backfill", of: row })}>Backfill…</button> : null}
        <button type="button" class="button bare" style={{ height: "24px" }} aria-label={`Edit ${row.name}`} onClick={() => setAsked({ what: "edit", of: row })}>Edit…</button>
      </span>
    ) },
  ];
  return (
    <>
      <div class="toolbar" style={{ padding: "0 0 8px" }}>{list.data.items.length > 8 ? <Filter value={find} set={(to) => setFind(to || null)} label="Find a schedule" /> : null}<span class="grow" />{add}</div>
      <Table label="Schedules" rows={rows} id={(row) => row.name} columns={columns} />
      {pipeline ? <NextTimes rows={rows} /> : null}
      {asked?.what === "trigger" ? <AskForm title={`Run ${asked.of.name} now`} schema={schemaOf(asked.of)} params={asked.of.params} path={`/schedules/${encodeURIComponent(asked.of.name)}/trigger`} close={() => setAsked(null)} /> : null}
      {form}
      {asked?.what === "backfill" ? <Backfill of={asked.of} close={() => { setAsked(null); list.reload(); }} /> : null}
    </>
  );
}

const schemaOf = (of: ScheduleRow): Schema => ({ properties: Object.fromEntries(Object.entries(of.params).map(([name, given]) => [name, { type: typeof given === "string" ? "string" : typeof given === "boolean" ? "boolean" : typeof given === "number" ? "number" : "object" }])) });

/** What starts in the next time, over all schedules. */
function NextTimes({ rows }: { rows: ScheduleRow[] }) {
  const next = rows.flatMap((row) => row.next_ms.map((at) => ({ at, row }))).sort((a, b) => a.at - b.at).slice(0, 12);
  if (next.length < 2) return null;
  return (
    <section class="section">
      <div class="title"><h2>Comes next</h2></div>
      <ol class="lineslist" aria-label="Comes next">
        {next.map(({ at, row }) => <li key={row.name + at}><time style={{ width: "150px", flex: "none" }} dateTime={new Date(at).toISOString()} title={when(at)}>{local(at, row.timezone)}</time><span class="cut">{row.name}</span><span class="cut soft grow">{Object.entries(row.params).map(([k, v]) => `${k}=${value(v)}`).join("  ")}</span><span class="when">{ago(at)}</span></li>)}
      </ol>
    </section>
  );
}

const dayOf = (at_ms: number): string => new Date(at_ms).toISOString().slice(0, 10);
const dayAfter = (day: string): string => dayOf(Date.parse(`${day}T00:00:00Z`) + DAY);

/** Ask for the runs of a range, after a look at which of them exist. */
function Backfill({ of, close }: { of: ScheduleRow; close: () => void }) {
  const [first, setFirst] = useState(dayOf(Date.now() - 7 * DAY));
  const [last, setLast] = useState(dayOf(Date.now() - DAY));
  const [parallel, setParallel] = useState(String(of.max_active));
  const [plan, setPlan] = useState<BackfillPlan | null>(null);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const send = async (preview: boolean) => {
    setBusy(true);
    setProblem("");
    try {
      if (!isDay(first) || !isDay(last)) throw new Error("Write days like 2026-03-01.");
      const body = { from_ms: momentIn(first.trim(), of.timezone), to_ms: momentIn(dayAfter(last.trim()), of.timezone) - 1, parallel: Number(parallel) || null, preview };
      const found = await call<BackfillPlan>("POST", `/schedules/${encodeURIComponent(of.name)}/backfill`, body);
      if (preview) setPlan(found);
      else {
        toast(`${count(found.asked, "run")} asked for; ${found.there} had one already.`);
        close();
      }
    } catch (error) {
      setProblem((error as Error).message);
      setPlan(null);
    }
    setBusy(false);
  };
  const field = (label: string, text: string, set: (to: string) => void) => <label class="field"><span>{label}</span><input class="input" type="text" aria-label={label} value={text} onInput={(event) => { set(event.currentTarget.value); setPlan(null); }} /></label>;
  return (
    <Dialog title={`Run the past of ${of.name}`} close={close}>
      <form onSubmit={(event) => { event.preventDefault(); void send(!plan); }}>
        <div class="ask">
          <p class="soft">Every moment of “{of.says}” in the range that has no run gets one. A failure does not stop the others.</p>
          <div class="row wrap days">{field(`From, in ${of.timezone}`, first, setFirst)}{field("To, the whole day", last, setLast)}{field("At a time", parallel, setParallel)}</div>
          {problem ? <p class="bad" role="alert">{problem}</p> : null}
          {plan ? <><p role="status">{count(plan.asked, "moment")} would be run, {plan.there} {plan.there === 1 ? "has" : "have"} a run already.</p><div class="moments">{plan.moments.map((one) => <span key={one.run_id}><Badge state={one.state ?? "waiting"} word="" />{one.state ? <a href={pageOfPipelineRun(one.run_id)}>{local(one.due_ms, of.timezone)}</a> : local(one.due_ms, of.timezone)}</span>)}{plan.asked + plan.there > plan.moments.length ? <span class="faint">and {(plan.asked + plan.there - plan.moments.length).toLocaleString("en-US")} more</span> : null}</div></> : null}
        </div>
        <footer><button type="button" class="button" onClick={close}>Do not run</button><button type="submit" class="button main" disabled={busy || (plan !== null && !plan.asked)}>{plan ? `Run ${count(plan.asked, "moment")}` : "Look what exists"}</button></footer>
      </form>
    </Dialog>
  );
}
