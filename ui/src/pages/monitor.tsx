// One monitor: every score over the windows, the alarms, and the report of a check.
import { useMemo } from "preact/hooks";
import { useResource } from "../kit/api";
import { Badge } from "../kit/badge";
import { Chart } from "../kit/chart";
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
import type { CheckRow, FileList, MonitorDetail } from "../wire";

export default function Monitor({ name }: { name: string }) {
  const monitor = useResource<MonitorDetail>(`/monitors/${encodeURIComponent(name)}`, (event) => event.topic === "run" || event.topic === "version");
  const [tab, setTab] = useQuery("tab", "scores");
  const [picked] = useQuery("check");
  usePage({ title: "Monitors", href: "/monitors" }, { title: name });
  if (!monitor.data) return monitor.problem ? <Failed problem={monitor.problem} again={monitor.reload} /> : <Loading />;
  const { checks, keys, project } = monitor.data;
  const newest = [...checks].sort((a, b) => b.at_ms - a.at_ms)[0];
  const chosen = checks.find((check) => check.run.id === picked) ?? newest;
  const alarms = checks.reduce((sum, check) => sum + check.alarms.length, 0);
  return (
    <>
      <Head title={name} badge={<Badge tint state={newest?.alarms.length ? "alarm" : "ok"} />} actions={
        <select class="input" aria-label="Check" value={chosen?.run.id} onChange={(event) => setQuery({ check: event.currentTarget.value }, { push: true })}>
          {[...checks].reverse().map((check) => <option key={check.run.id} value={check.run.id}>{check.window || when(check.at_ms)}{check.alarms.length ? ` (${count(check.alarms.length, "alarm")})` : ""}</option>)}
        </select>
      }>
        <span>in <a href={pageOfProject(project)}>{project}</a></span>
        <span>{count(checks.length, "check")}</span>
        {newest ? <span>last <Ago at={newest.at_ms} />{newest.window ? `, of ${newest.window}` : ""}</span> : null}
      </Head>
      <Tabs label="About this monitor" now={tab} set={(to) => setTab(to)} tabs={[{ id: "scores", title: "Scores", count: keys.length }, { id: "alarms", title: "Alarms", count: alarms }, { id: "checks", title: "Checks", count: checks.length }, { id: "report", title: "Report" }]} />
      <Panel id={tab}>
        {tab === "scores" ? <Scores checks={checks} keys={keys} /> : null}
        {tab === "alarms" ? <Alarms checks={checks} /> : null}
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
    </>
  );
}

/** Quality first, then figures of the whole table, then those of single columns. */
const rank = (key: string): number => (/(auc|f1|accuracy|precision|recall|rmse|mae|log_loss)$/.test(key) ? 0 : /[./]/.test(key) ? 2 : 1);

const leadingKeys = (keys: string[]): string[] => keys.filter((key) => rank(key) < 2).sort((a, b) => rank(a) - rank(b)).slice(0, 4);

function Scores({ checks, keys }: { checks: CheckRow[]; keys: string[] }) {
  const [find, setFind] = useQuery("find");
  const xs = useMemo(() => checks.map((_, i) => i), [checks]);
  const names = useMemo(() => checks.map((check) => check.window || when(check.at_ms)), [checks]);
  const shown = keys.filter((key) => key.toLowerCase().includes(find.toLowerCase())).sort((a, b) => rank(a) - rank(b));
  const lines = useMemo(() => new Map(keys.map((key) => [key, [{ id: key, label: key, pen: pen(rank(key) < 2 ? 6 : 0), xs, ys: checks.map((check) => check.scores[key] ?? null) }]])), [checks, keys]);
  if (!keys.length) return <Empty title="No scores">The checks of this monitor gave no numbers.</Empty>;
  return (
    <>
      {keys.length > 6 ? <div class="toolbar" style={{ padding: "0 0 12px" }}><Filter value={find} set={(text) => setFind(text)} label="Find a score" /></div> : null}
      <div class="charts">
        {shown.slice(0, 60).map((key) => <Chart key={key} title={key} x="window" names={names} lines={lines.get(key)!} dots sync="windows" height={160} now={number(lines.get(key)![0]!.ys.findLast((y) => y !== null))} />)}
      </div>
      {shown.length > 60 ? <p class="tablenote">{shown.length - 60} more: narrow them with the search above.</p> : null}
    </>
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
