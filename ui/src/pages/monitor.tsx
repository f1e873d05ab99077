// One monitor: every score over the windows, the alarms, and the report of a check.
import { useMemo } from "preact/hooks";
import { call, useResource } from "../kit/api";
import { Badge } from "../kit/badge";
import { Chart, type Line } from "../kit/chart";
import { toast } from "../kit/dialog";
import { fileUrl } from "../kit/files";
import { Filter } from "../kit/filter";
import { count, number, when } from "../kit/format";
import { Glyph } from "../kit/glyphs";
import { Head, Loading, Section, usePage } from "../kit/page";
import { Ago, Empty, Failed, Panel, Tabs } from "../kit/parts";
import { setQuery, useQuery } from "../kit/router";
import { Table } from "../kit/table";
import { pen } from "../kit/theme";
import { lineageOf, pageOfProject } from "../links";
import type { AlarmRow, CheckRow, FileList, MonitorDetail } from "../wire";

export default function Monitor({ name }: { name: string }) {
  const monitor = useResource<MonitorDetail>(`/monitors/${encodeURIComponent(name)}`, (event) => event.topic === "run" || event.topic === "version");
  const [tab, setTab] = useQuery("tab", "scores");
  const [picked] = useQuery("check");
  usePage({ title: "Monitors", href: "/monitors" }, { title: name });
  if (!monitor.data) return monitor.problem ? <Failed problem={monitor.problem} again={monitor.reload} /> : <Loading />;
  const { checks, keys, project, alarms: kept, says } = monitor.data;
  const isOpen = kept.filter((alarm) => alarm.status !== "closed");
  const newest = [...checks].sort((a, b) => b.at_ms - a.at_ms)[0];
  const chosen = checks.find((check) => check.run.id === picked) ?? newest;
  const alarms = kept.length || checks.reduce((sum, check) => sum + check.alarms.length, 0);
  return (
    <>
      <Head title={name} badge={<Badge tint state={isOpen.some((alarm) => alarm.status === "open") || (!kept.length && newest?.alarms.length) ? "alarm" : isOpen.length ? "warning" : checks.length ? "ok" : "created"} word={isOpen.length && !isOpen.some((alarm) => alarm.status === "open") ? isOpen[0]!.status : checks.length ? undefined : "no check yet"} />} actions={!checks.length ? null :
        <select class="input" aria-label="Check" value={chosen?.run.id} onChange={(event) => setQuery({ check: event.currentTarget.value }, { push: true })}>
          {[...checks].reverse().map((check) => <option key={check.run.id} value={check.run.id}>{check.window || when(check.at_ms)}{check.alarms.length ? ` (${count(check.alarms.length, "alarm")})` : ""}</option>)}
        </select>
      }>
        <span>in <a href={pageOfProject(project)}>{project}</a></span>
        <span>{count(checks.length, "check")}</span>
        {newest ? <span>last <Ago at={newest.at_ms} />{newest.window ? `, of ${newest.window}` : ""}</span> : null}
      </Head>
      {says.length ? <details class="tablenote"><summary>{says.slice(0, 2).join(", ")}</summary><ul>{says.slice(2).map((line) => <li key={line}><code>{line}</code></li>)}</ul></details> : null}
      {isOpen.length && tab !== "alarms" ? <div class="panel" style={{ paddingTop: "0", paddingBottom: "12px" }}><Section title="Open alarms"><AlarmList name={name} alarms={isOpen} reload={monitor.reload} /></Section></div> : null}
      {!checks.length ? <Empty title="It has not looked yet" lines={`tenfold monitor check ${name}`}>Its schedule looks while <code>tenfold up</code> runs; or look now.</Empty> : <>
      <Tabs label="About this monitor" now={tab} set={(to) => setTab(to)} tabs={[{ id: "scores", title: "Scores", count: keys.length }, { id: "alarms", title: "Alarms", count: alarms }, { id: "checks", title: "Checks", count: checks.length }, { id: "report", title: "Report" }]} />
      <Panel id={tab}>
        {tab === "scores" ? <Scores detail={monitor.data} /> : null}
        {tab === "alarms" ? kept.length ? <AlarmList name={name} alarms={kept} reload={monitor.reload} /> : <Alarms checks={checks} /> : null}
        {tab === "checks" ? (
          <Table label="Checks" rows={[...checks].reverse()} id={(check) => check.run.id} current={chosen?.run.id} columns={[
            { key: "window", title: "Window", width: 150, cell: (check) => <a href={`/runs/${check.run.id}`}>{check.window || check.run.id.slice(-8)}</a> },
            { key: "state", title: "State", width: 110, cell: (check) => <Badge state={check.run.state === "failed" ? "failed" : check.alarms.length ? "alarm" : "ok"} /> },
            ...leadingKeys(keys).map((key) => ({ key, title: key, width: Math.max(96, key.length * 7 + 24), numeric: true, cell: (check: CheckRow) => number(check.scores[key]) })),
            { key: "says", title: "Says", width: 320, cell: (check) => <span title={check.reasons.join("\n")}>{check.alarms[0]?.text ?? check.reasons[0] ?? ""}</span> },
            { key: "report", title: "Report", width: 90, cell: (check) => (check.report ? <a class="plain" href={`/monitors/${encodeURIComponent(name)}?tab=report&check=${check.run.id}`}>open</a> : "") },
            { key: "when", title: "Checked", width: 104, cell: (check) => <Ago at={check.at_ms} /> },
          ]} />
        ) : null}
        {tab === "report" ? (chosen ? <Report check={chosen} /> : null) : null}
      </Panel>
      </>}
    </>
  );
}

const COLUMN = 3;
/** Quality first, then drift and other figures of the whole table, then those of single columns. */
const rank = (key: string): number => (/(auc|f1|accuracy|precision|recall|rmse|mae|log_loss)$/.test(key) ? 0 : /[./]/.test(key) ? COLUMN : key.startsWith("drift") ? 1 : 2);

const leadingKeys = (keys: string[]): string[] => keys.filter((key) => rank(key) < COLUMN).sort((a, b) => rank(a) - rank(b)).slice(0, 4);

/** An estimate is drawn beside what it is an estimate of; its bounds are its band. */
const ofEstimate = (key: string): string | null => (key.startsWith("estimated.") ? `quality.${key.slice(10)}` : null);
const isBound = (key: string): boolean => key.startsWith("estimated.") && /\.(low|high)$/.test(key);

function linesOf(key: string, checks: CheckRow[], xs: number[], keys: string[]): Line[] {
  const ys = (of: string) => checks.map((check) => check.scores[of] ?? null);
  const lines: Line[] = ofEstimate(key) ? [] : [{ id: key, label: key, pen: pen(rank(key) < COLUMN ? 6 : 0), xs, ys: ys(key) }];
  const guess = ofEstimate(key) ? key : key.startsWith("quality.") ? `estimated.${key.slice(8)}` : null;
  if (guess && keys.includes(guess)) lines.push({ id: guess, label: guess, pen: { ...pen(1), dashed: true }, xs, ys: ys(guess), min: ys(`${guess}.low`), max: ys(`${guess}.high`) });
  return lines;
}

/** The stretches of windows in which an alarm about this score was open, as places on the axis. */
function spansOf(key: string, alarms: AlarmRow[], names: string[]): [number, number][] {
  return alarms.filter((alarm) => alarm.key.startsWith(`test:${key} `) || (alarm.column && key === `drift.${alarm.column}`) || alarm.key === `quality:${key.slice(8)}` || (alarm.key === "drift" && key === "drift_share") || (alarm.key === "labels" && key === "labelled"))
    .map((alarm): [number, number] => {
      const [from, to] = [names.indexOf(alarm.first_window), alarm.last_window ? names.indexOf(alarm.last_window) : -1];
      return [Math.max(from, 0) - 0.5, (to < 0 ? names.length - 1 : to - 1) + 0.5];
    });
}

function Scores({ detail: { checks, keys, alarms, limits } }: { detail: MonitorDetail }) {
  const [find, setFind] = useQuery("find");
  const xs = useMemo(() => checks.map((_, i) => i), [checks]);
  const windows = useMemo(() => checks.map((check) => check.window || when(check.at_ms)), [checks]);
  const names = useMemo(() => windows.map((window) => window.replace(/^rows \d+-(?=\d+$)/, "to ")), [windows]);
  const tested = useMemo(() => new Map(limits.map((limit) => [limit.score, limit.value])), [limits]);
  const first = (key: string) => (tested.has(key) ? -1 : rank(key));
  const drawn = useMemo(() => keys.filter((key) => !isBound(key) && !keys.includes(ofEstimate(key) ?? "")), [keys]);
  const shown = drawn.filter((key) => key.toLowerCase().includes(find.toLowerCase())).sort((a, b) => first(a) - first(b));
  const lines = useMemo(() => new Map(drawn.map((key) => [key, linesOf(key, checks, xs, keys)])), [checks, keys]);
  if (!keys.length) return <Empty title="No scores">The checks of this monitor gave no numbers.</Empty>;
  return (
    <>
      {drawn.length > 6 ? <div class="toolbar" style={{ padding: "0 0 12px" }}><Filter value={find} set={(text) => setFind(text)} label="Find a score" /></div> : null}
      <div class="charts">
        {shown.slice(0, 60).map((key) => <Chart key={key} title={key} x="window" names={names} lines={lines.get(key)!} level={tested.get(key) ?? null} spans={spansOf(key, alarms, windows)} dots sync="windows" height={160} now={number(lines.get(key)![0]?.ys.findLast((y) => y !== null))} />)}
      </div>
      {shown.length > 60 ? <p class="tablenote">{shown.length - 60} more: narrow them with the search above.</p> : null}
    </>
  );
}

function AlarmList({ name, alarms, reload }: { name: string; alarms: AlarmRow[]; reload: () => void }) {
  const say = async (alarm: AlarmRow, body: object, done: string) => {
    try {
      await call("POST", `/monitors/${encodeURIComponent(name)}/alarms/${alarm.id}`, body);
      toast(done);
      reload();
    } catch (problem) {
      toast(problem instanceof Error ? problem.message : String(problem), "bad");
    }
  };
  return (
    <ul class="lineslist">
      {alarms.map((alarm) => (
        <li key={alarm.id} class="row wrap">
          <Badge tint state={alarm.status === "closed" ? "ok" : alarm.status === "open" ? (alarm.severity === "error" ? "alarm" : "warning") : "stopped"} word={alarm.status} />
          <span class="grow" style={{ overflowWrap: "anywhere", minWidth: "220px" }}>
            {alarm.text}
            <span class="faint"> · {alarm.first_window}{alarm.last_window ? ` until ${alarm.last_window}` : ""}{alarm.acknowledged_by ? ` · ${alarm.acknowledged_by} looks after it${alarm.why ? `: ${alarm.why}` : ""}` : ""}{alarm.status === "muted" ? ` · muted until ${when(alarm.muted_until_ms!)}` : ""}</span>
            {Object.entries(alarm.actions).map(([action, came]) => <div key={action} class="soft">{action}: {came}</div>)}
          </span>
          <span class="faint"><Ago at={alarm.opened_at_ms} /></span>
          {alarm.status === "open" ? <button type="button" class="button" onClick={() => void say(alarm, { say: "acknowledge" }, "Acknowledged: it tells nobody more")}>Acknowledge</button> : null}
          {alarm.status === "open" || alarm.status === "acknowledged" ? <button type="button" class="button" onClick={() => void say(alarm, { say: "mute", hours: 24 }, "Muted for a day")}>Mute 24 h</button> : null}
          {alarm.status === "muted" ? <button type="button" class="button" onClick={() => void say(alarm, { say: "mute", hours: 0 }, "It tells again")}>Unmute</button> : null}
        </li>
      ))}
    </ul>
  );
}

function Alarms({ checks }: { checks: CheckRow[] }) {
  const rows = [...checks].reverse().filter((check) => check.alarms.length);
  if (!rows.length) return <p class="row soft"><Badge state="ok" word="" />No check has raised an alarm.</p>;
  return (
    <>
      {rows.map((check) => (
        <Section key={check.run.id} title={check.window || when(check.at_ms)} tools={<><a href={lineageOf(check.run.address)}>lineage</a><span class="faint"><Ago at={check.at_ms} /></span></>}>
          <ul class="lineslist">
            {check.alarms.map((alarm, i) => <li key={i}><Badge tint state={alarm.severity === "error" ? "alarm" : "warning"} word={alarm.kind} />{alarm.column ? <code>{alarm.column}</code> : null}<span class="grow" style={{ overflowWrap: "anywhere" }}>{alarm.text}</span></li>)}
          </ul>
        </Section>
      ))}
    </>
  );
}

function Report({ check }: { check: CheckRow }) {
  const files = useResource<FileList>(check.report ? `/versions/${check.report.id}/files?limit=200` : null);
  const html = files.data?.items.find((file) => file.path.endsWith(".html"));
  if (!check.report) return <Empty title="This check made no report">Its scores and alarms are on the other tabs.</Empty>;
  return (
    <>
      <div class="row wrap" style={{ marginBottom: "8px" }}>
        <span class="soft grow">{check.window}, checked {when(check.at_ms)}</span>
        <a href={`/versions/${check.report.id}`}>all its files</a>
        {html ? <a class="button" href={fileUrl(check.report.id, html.path, true)} download><Glyph name="download" size={14} />Save the page</a> : null}
      </div>
      {html ? <iframe class="report" src={fileUrl(check.report.id, html.path)} title={`Report of ${check.window}`} sandbox="allow-scripts" /> : files.data ? <p class="soft">The report has no web page among its files.</p> : null}
    </>
  );
}
