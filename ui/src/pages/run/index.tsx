// One run: overview, charts, media, system, console, code, artifacts, lineage; its name, tags, star and places.
import { useState } from "preact/hooks";
import { call, useResource } from "../../kit/api";
import { Badge } from "../../kit/badge";
import { toast } from "../../kit/dialog";
import { Glyph } from "../../kit/glyphs";
import { Head, Loading, usePage } from "../../kit/page";
import { Ago, Copy, Failed, Panel, Pop, Tabs, Tag } from "../../kit/parts";
import { go, useQuery } from "../../kit/router";
import { Table } from "../../kit/table";
import { glyphOf, lineageOf, pageOfProject, pageOfRun } from "../../links";
import { Log } from "../../nouns/log";
import { MediaPanels } from "../../nouns/media";
import { byWeight, columnOf, nameOf, RunLink, took } from "../../nouns/runs";
import { Walk } from "../../nouns/walk";
import type { ArtifactUses, RunAction, RunDetail, RunPage, RunRow, RunsActed, SeriesList } from "../../wire";
import { Artifacts } from "./artifacts";
import { Charts } from "./charts";
import { Code } from "./code";
import { Edit } from "./edit";
import { Overview } from "./overview";

export default function Run({ id }: { id: string }) {
  const detail = useResource<RunDetail>(`/runs/${id}`, (event) => event.id === id && event.topic !== "version");
  const series = useResource<SeriesList>(`/runs/${id}/series`, (event) => event.topic === "series" && event.id === id);
  const artifacts = useResource<ArtifactUses>(`/runs/${id}/artifacts`, (event) => event.topic === "version" || (event.topic === "run" && event.id === id));
  const [tab, setTab] = useQuery("tab");
  const [editing, setEditing] = useState(false);
  const run = detail.data?.run;
  usePage({ title: "Projects", href: "/projects" }, ...(run ? [{ title: run.project, href: pageOfProject(run.project) }] : []), { title: run ? nameOf(run) : "…" });
  if (!detail.data || !run) return detail.problem ? <Failed problem={detail.problem} again={detail.reload} /> : <Loading />;

  const system = (series.data?.items ?? []).filter((one) => one.key.startsWith("system/"));
  const metrics = (series.data?.items ?? []).filter((one) => !one.key.startsWith("system/")).sort((a, b) => byWeight(a.key, b.key));
  const children = Object.values(detail.data.children).reduce((sum, n) => sum + n, 0);
  const kept = (artifacts.data?.items ?? []).filter((item) => item.version.kind !== "media");
  const media = new Set((artifacts.data?.items ?? []).filter((item) => item.version.kind === "media" && item.direction === "produced").map((item) => item.role || item.version.name)).size;
  const tabs = [
    { id: "charts", title: "Charts", count: metrics.length },
    { id: "overview", title: "Overview" },
    ...(children ? [{ id: "children", title: "Runs inside", count: children }] : []),
    ...(media ? [{ id: "media", title: "Media", count: media }] : []),
    { id: "system", title: "System" },
    { id: "console", title: "Console" },
    { id: "code", title: "Code" },
    { id: "artifacts", title: "Artifacts", count: kept.length },
    { id: "lineage", title: "Lineage" },
  ];
  const now = tab || (series.data && !metrics.length ? "overview" : "charts");
  const act = async (action: RunAction["action"], said: string, then?: () => void) => {
    try {
      await call<RunsActed>("POST", "/runs/act", { action, ids: [id] });
      if (said) toast(said);
      detail.reload();
      then?.();
    } catch (error) {
      toast((error as Error).message, "bad");
    }
  };
  const binned = run.deleted_at_ms !== null;
  return (
    <>
      <Head title={nameOf(run)} badge={<><Badge tint state={run.state} />{binned ? <span class="tag">in the bin</span> : null}{run.archived ? <span class="tag">archived</span> : null}</>} actions={
        <>
          {run.kind === "pipeline" ? <a class="button" href={pageOfRun(run)}>Graph and steps</a> : null}
          <button type="button" class="button icon" aria-label={`Star ${nameOf(run)}`} title={run.starred ? "Take the star away" : "Star"} aria-pressed={run.starred} onClick={() => void act(run.starred ? "unstar" : "star", "")}><Glyph name="star" filled={run.starred} /></button>
          {stoppable(run) ? <button type="button" class="button" disabled={run.stopping} title="Its process gets what Ctrl-C would give it" onClick={() => void act("stop", "Asked to stop. Its process sees it within some seconds.")}><Glyph name="stop" size={14} />{run.stopping ? "Stopping…" : "Stop"}</button> : null}
          <button type="button" class="button" onClick={() => setEditing(true)}><Glyph name="pencil" size={14} />Edit</button>
          <Pop label="More" glyph="more" bare>
            {(close) => (
              <>
                <a class="choice" href={lineageOf(run.address)}>Open in the lineage explorer</a>
                <a class="choice" href={`/api/v1/runs/export?${new URLSearchParams({ q: `id = '${id}'`, format: "json" })}`} download>Save as JSON</a>
                <button type="button" class="choice" onClick={() => { close(); void act(run.archived ? "unarchive" : "archive", run.archived ? "Back from the archive." : "Archived. The archive is in the menu of the runs page."); }}>{run.archived ? "Take back from the archive" : "Archive"}</button>
                {binned ? <button type="button" class="choice" onClick={() => { close(); void act("restore", "Restored."); }}>Restore from the bin</button>
                  : <button type="button" class="choice" onClick={() => { close(); void act("delete", "Moved to the bin. Restore it from the bin of the runs page.", () => go(pageOfProject(run.project))); }}>Move to the bin</button>}
              </>
            )}
          </Pop>
        </>
      }>
        <span class="row" style={{ gap: "5px" }}><Glyph name={glyphOf(run.kind)} size={14} />{run.kind}</span>
        <span><Ago at={run.started_at_ms ?? run.created_at_ms} /></span>
        {took(run) ? <span>took {took(run)}</span> : null}
        {run.user ? <span>by {run.user}</span> : null}
        {detail.data.parent ? <span>in <RunLink run={detail.data.parent} /></span> : null}
        <span class="row" style={{ gap: "2px" }}><code class="faint">{run.id}</code><Copy text={run.address} label="Copy the address" /></span>
        {Object.entries(run.tags).map(([name, text]) => <Tag key={name} name={name} value={text} />)}
      </Head>
      <Tabs label="About this run" tabs={tabs} now={now} set={(to) => setTab(to)} />
      <Panel id={now}>
        {detail.data.error ? <Trouble text={detail.data.error} /> : null}
        {now === "charts" ? <Charts run={detail.data} keys={metrics.map((one) => one.key)} loaded={series.data !== undefined} /> : null}
        {now === "system" ? <Charts run={detail.data} keys={system.map((one) => one.key)} loaded={series.data !== undefined} system /> : null}
        {now === "overview" ? <Overview detail={detail.data} artifacts={artifacts.data?.items} done={detail.reload} /> : null}
        {now === "media" ? <MediaPanels runs={[id]} names={new Map([[id, nameOf(run)]])} /> : null}
        {now === "children" ? <Children id={id} /> : null}
        {now === "console" ? <Log run={id} /> : null}
        {now === "code" ? <Code detail={detail.data} /> : null}
        {now === "artifacts" ? <Artifacts items={artifacts.data ? kept : undefined} /> : null}
        {now === "lineage" ? <Walk address={run.address} /> : null}
      </Panel>
      {editing ? <Edit detail={detail.data} close={() => setEditing(false)} done={detail.reload} /> : null}
    </>
  );
}

const stoppable = (run: RunRow): boolean => (run.state === "running" || run.state === "created") && !["pipeline", "step", "deployment"].includes(run.kind);

function Trouble({ text }: { text: string }) {
  const [first = "", ...rest] = text.split("\n");
  return (
    <details class="traceback" style={{ marginBottom: "16px" }}>
      <summary>{first}</summary>
      {rest.length ? <pre>{rest.join("\n")}</pre> : null}
    </details>
  );
}

function Children({ id }: { id: string }) {
  const page = useResource<RunPage>(`/runs/${id}/children?limit=500`, (event) => event.topic === "run");
  if (!page.data) return page.problem ? <Failed problem={page.problem} /> : null;
  return <Table label="Runs inside this run" rows={page.data.items} id={(run) => run.id} stale={page.stale} columns={["name", "state", "kind", "started", "duration", "error"].map((key) => ({ ...columnOf(key)!, order: undefined }))} />;
}
