// One run: charts, overview, system, console, code, artifacts, lineage.
import { useMemo, useState } from "preact/hooks";
import { call, get, useResource } from "../kit/api";
import { Badge } from "../kit/badge";
import { Dialog, toast } from "../kit/dialog";
import { Filter } from "../kit/filter";
import { flat, number, value, when } from "../kit/format";
import { Glyph } from "../kit/glyphs";
import { Head, Loading, Section, usePage } from "../kit/page";
import { Ago, Copy, Empty, Failed, Facts, Panel, Pop, Tabs, Tag } from "../kit/parts";
import { go, setQuery, useQuery } from "../kit/router";
import { Table } from "../kit/table";
import { pen, type Pen } from "../kit/theme";
import { glyphOf, lineageOf } from "../links";
import { CurveChart, type Against, type Look } from "../nouns/curves";
import { Log } from "../nouns/log";
import { byWeight, columnOf, nameOf, RunLink, took } from "../nouns/runs";
import { filesAndSize, VersionName } from "../nouns/versions";
import { Walk } from "../nouns/walk";
import { Files } from "../kit/files";
import type { ArtifactUse, ArtifactUses, PatchText, RunDetail, RunPage, SeriesList } from "../wire";

export default function Run({ id }: { id: string }) {
  const detail = useResource<RunDetail>(`/runs/${id}`, (event) => event.id === id && event.topic !== "version");
  const series = useResource<SeriesList>(`/runs/${id}/series`, (event) => event.topic === "series" && event.id === id);
  const artifacts = useResource<ArtifactUses>(`/runs/${id}/artifacts`, (event) => event.topic === "version" || (event.topic === "run" && event.id === id));
  const [tab, setTab] = useQuery("tab");
  const [editing, setEditing] = useState(false);
  const run = detail.data?.run;
  usePage({ title: "Runs", href: "/runs" }, ...(run ? [{ title: run.project, href: `/runs?project=${encodeURIComponent(run.project)}` }] : []), { title: run ? nameOf(run) : "…" });
  if (!detail.data || !run) return detail.problem ? <Failed problem={detail.problem} again={detail.reload} /> : <Loading />;

  const system = (series.data?.items ?? []).filter((one) => one.key.startsWith("system/"));
  const metrics = (series.data?.items ?? []).filter((one) => !one.key.startsWith("system/")).sort((a, b) => byWeight(a.key, b.key));
  const children = Object.values(detail.data.children).reduce((sum, n) => sum + n, 0);
  const tabs = [
    { id: "charts", title: "Charts", count: metrics.length },
    { id: "overview", title: "Overview" },
    ...(children ? [{ id: "children", title: "Runs inside", count: children }] : []),
    { id: "system", title: "System" },
    { id: "console", title: "Console" },
    { id: "code", title: "Code" },
    { id: "artifacts", title: "Artifacts", count: artifacts.data?.items.length ?? 0 },
    { id: "lineage", title: "Lineage" },
  ];
  const now = tab || (series.data && !metrics.length ? "overview" : "charts");
  const remove = async () => {
    const back = run.deleted_at_ms !== null;
    try {
      await call("POST", back ? "/runs/restore" : "/runs/delete", { ids: [id] });
      toast(back ? "Restored." : "Moved to the bin. Restore it from the bin of the runs page.");
      if (!back) go(`/runs?project=${encodeURIComponent(run.project)}`);
    } catch (error) {
      toast((error as Error).message, "bad");
    }
  };
  return (
    <>
      <Head title={nameOf(run)} badge={<><Badge tint state={run.state} />{run.deleted_at_ms ? <span class="tag">in the bin</span> : null}</>} actions={
        <>
          <button type="button" class="button" onClick={() => setEditing(true)}><Glyph name="pencil" size={14} />Edit</button>
          <Pop label="More" glyph="more" bare>
            {(close) => (
              <>
                <a class="choice" href={lineageOf(run.address)}>Open in the lineage explorer</a>
                <button type="button" class="choice" onClick={() => { close(); void remove(); }}>{run.deleted_at_ms ? "Restore from the bin" : "Move to the bin"}</button>
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
        {now === "overview" ? <Overview detail={detail.data} /> : null}
        {now === "children" ? <Children id={id} /> : null}
        {now === "console" ? <Log run={id} /> : null}
        {now === "code" ? <Code detail={detail.data} /> : null}
        {now === "artifacts" ? <Artifacts items={artifacts.data?.items} /> : null}
        {now === "lineage" ? <Walk address={run.address} /> : null}
      </Panel>
      {editing ? <Edit detail={detail.data} close={() => setEditing(false)} done={detail.reload} /> : null}
    </>
  );
}

function Trouble({ text }: { text: string }) {
  const [first = "", ...rest] = text.split("\n");
  return (
    <details class="traceback" style={{ marginBottom: "16px" }}>
      <summary>{first}</summary>
      {rest.length ? <pre>{rest.join("\n")}</pre> : null}
    </details>
  );
}

function Charts({ run, keys, loaded, system }: { run: RunDetail; keys: string[]; loaded: boolean; system?: boolean }) {
  const [find, setFind] = useQuery("find");
  const [x] = useQuery("x", system ? "time" : "step");
  const [scale, setScale] = useQuery("y", "linear");
  const [smooth, setSmooth] = useQuery("smooth", "0");
  const [zoomed] = useQuery("zoom");
  const zoom = useMemo(() => (zoomed ? (zoomed.split("~").map(Number) as [number, number]) : null), [zoomed]);
  const look: Look = { x: x as Against, log: scale === "log", smooth: system ? 0 : Number(smooth), zoom };
  const pens = useMemo(() => new Map<string, Pen>([[run.run.id, pen(0)]]), [run.run.id]);
  const names = useMemo(() => new Map([[run.run.id, nameOf(run.run)]]), [run.run.id, run.run.name]);
  const setZoom = (to: [number, number] | null) => setQuery({ zoom: to ? to.map((v) => Number(v.toPrecision(10))).join("~") : null }, { push: true });
  if (!loaded) return null;
  if (!keys.length) {
    return system ? <Empty title="No system metrics">They are taken every few seconds while a run lasts; this one was shorter, or had them turned off.</Empty>
      : <Empty title="No metrics yet" lines={`run.log({"loss": 0.31, "accuracy": 0.88}, step=1)`}>Each number that is logged becomes a curve here, within a second.</Empty>;
  }
  const shown = keys.filter((key) => key.toLowerCase().includes(find.toLowerCase()));
  const groups = grouped(shown);
  const live = run.run.state === "running" || run.run.state === "created";
  return (
    <>
      <div class="toolbar" style={{ padding: "0 0 12px" }}>
        {keys.length > 6 ? <Filter value={find} set={(text) => setFind(text)} label="Find a chart" /> : null}
        <select class="input" aria-label="Horizontal axis" value={x} onChange={(event) => setQuery({ x: event.currentTarget.value === (system ? "time" : "step") ? null : event.currentTarget.value, zoom: null })}>
          <option value="step">Step</option><option value="elapsed">Time since start</option><option value="time">Clock time</option>
        </select>
        <button type="button" class="button" aria-pressed={scale === "log"} onClick={() => setScale(scale === "log" ? "linear" : "log")}>Log scale</button>
        {system ? null : (
          <label class="row"><span class="soft">Smooth</span><input type="range" min="0" max="0.99" step="0.01" value={smooth} aria-label="Smoothing" onInput={(event) => setSmooth(event.currentTarget.value)} /><span class="faint" style={{ width: "28px" }}>{Number(smooth) ? smooth : "off"}</span></label>
        )}
        {zoom ? <button type="button" class="button" onClick={() => setZoom(null)}><Glyph name="fit" size={14} />Show all</button> : null}
      </div>
      {groups.map(([title, group]) => {
        const charts = <div class="charts">{group.map((key) => <CurveChart key={key} metric={key} runs={[run.run.id]} pens={pens} names={names} look={look} setZoom={setZoom} live={live} />)}</div>;
        return title && groups.length > 1 ? <Section key={title} title={title}>{charts}</Section> : <div key="" style={{ marginBottom: "20px" }}>{charts}</div>;
      })}
      {shown.length ? null : <p class="soft">No chart’s name contains “{find}”.</p>}
    </>
  );
}

/** Keys by what stands before their last slash. */
function grouped(keys: string[]): [string, string[]][] {
  const groups = new Map<string, string[]>([["", []]]);
  for (const key of keys) {
    const title = key.includes("/") ? key.slice(0, key.lastIndexOf("/")) : "";
    groups.set(title, [...(groups.get(title) ?? []), key]);
  }
  return [...groups].filter(([, group]) => group.length);
}

function Overview({ detail }: { detail: RunDetail }) {
  const { run } = detail;
  const metrics = Object.entries(run.metrics).filter(([key]) => !key.startsWith("system/"));
  const params = flat(detail.params);
  const [find, setFind] = useState("");
  const result = flat(detail.result).slice(0, 200);
  return (
    <>
      {detail.notes ? <p style={{ whiteSpace: "pre-wrap", maxWidth: "80ch", marginBottom: "16px" }}>{detail.notes}</p> : null}
      <div class="columns wide-middle">
        <div>
          <Section title={`Params${params.length ? ` (${params.length})` : ""}`} tools={params.length > 12 ? <input class="input" type="text" aria-label="Find a param" placeholder="Find a param" value={find} onInput={(event) => setFind(event.currentTarget.value)} /> : null}>
            {params.length ? <Facts rows={params.filter(([key]) => key.toLowerCase().includes(find.toLowerCase())).map(([key, item]) => [key, <code>{value(item) || "—"}</code>])} /> : <p class="soft">None.</p>}
          </Section>
          {result.length ? <Section title="Result"><Facts rows={result.map(([key, item]) => [key, isLink(item) ? <a href={String(item)} target="_blank" rel="noreferrer">{String(item)}</a> : key === "cached_from" ? <a href={`/runs/${String(item)}`}>the run that made its outputs</a> : <code>{value(item)}</code>])} /></Section> : null}
        </div>
        <div>
          <Section title="Metrics">
            {metrics.length ? (
              <div class="tablebox" tabIndex={0} role="region" aria-label="Metrics of this run">
                <table class="table auto tight">
                  <thead><tr><th scope="col">Metric</th><th scope="col" class="num">Last</th><th scope="col" class="num">Min</th><th scope="col" class="num">Max</th><th scope="col" class="num">Points</th></tr></thead>
                  <tbody>{metrics.map(([key, one]) => <tr key={key}><td title={key}>{key}</td><td class="num">{number(one.last)}</td><td class="num">{number(one.min)}</td><td class="num">{number(one.max)}</td><td class="num">{number(one.count)}</td></tr>)}</tbody>
                </table>
              </div>
            ) : <p class="soft">None logged.</p>}
          </Section>
        </div>
        <div>
          <Section title="When and where">
            <Facts rows={[
              ["Project", <a href={`/runs?project=${encodeURIComponent(run.project)}`}>{run.project}</a>], ["Created", when(run.created_at_ms)], ["Started", run.started_at_ms ? when(run.started_at_ms) : null], ["Ended", run.ended_at_ms ? when(run.ended_at_ms) : null],
              ["User", run.user], ["Host", run.host], ["Process", detail.pid], ["Group", run.group],
              ["Part of", detail.root && detail.root.id !== run.id ? <RunLink run={detail.root} /> : null],
            ]} />
          </Section>
          <Environment tree={detail.environment} />
        </div>
      </div>
    </>
  );
}

const isLink = (item: unknown): boolean => typeof item === "string" && /^https?:\/\//.test(item);

function Environment({ tree }: { tree: Record<string, unknown> }) {
  const packages = tree.packages as Record<string, string> | undefined;
  const rest = flat(Object.fromEntries(Object.entries(tree).filter(([key]) => key !== "packages")));
  if (!rest.length && !packages) return null;
  return (
    <Section title="Environment">
      <Facts rows={rest.map(([key, item]) => [key, value(item)])} />
      {packages && typeof packages === "object" ? (
        <details><summary class="soft" style={{ cursor: "pointer" }}>{Object.keys(packages).length} packages</summary><Facts rows={Object.entries(packages).map(([key, item]) => [key, <code>{value(item)}</code>])} /></details>
      ) : null}
    </Section>
  );
}

function Children({ id }: { id: string }) {
  const page = useResource<RunPage>(`/runs/${id}/children?limit=500`, (event) => event.topic === "run");
  if (!page.data) return page.problem ? <Failed problem={page.problem} /> : null;
  return <Table label="Runs inside this run" rows={page.data.items} id={(run) => run.id} stale={page.stale} columns={["name", "state", "kind", "started", "duration", "error"].map((key) => ({ ...columnOf(key)!, order: undefined }))} />;
}

function Code({ detail }: { detail: RunDetail }) {
  const code = detail.code;
  const patch = useResource<PatchText>(code?.has_patch ? `/runs/${detail.run.id}/patch` : null);
  if (!code) return <Empty title="No code was captured">Runs started inside a git repository keep their commit, the uncommitted diff and how they were started.</Empty>;
  return (
    <>
      <Facts rows={[
        ["Commit", code.commit ? <span class="row"><code class="cut">{code.commit}</code><Copy text={code.commit} label="Copy the commit" /></span> : null], ["Branch", code.branch], ["Remote", code.remote],
        ["Started as", code.entry_point ? <code>{[code.entry_point, ...code.arguments].join(" ")}</code> : null], ["Code digest", code.digest ? <code>{code.digest.slice(0, 16)}</code> : null],
        ["Uncommitted", code.dirty ? "yes" : code.commit ? "no, all was committed" : null],
      ]} />
      {patch.data?.text ? <Section title="Uncommitted changes" tools={<Copy text={patch.data.text} label="Copy the patch" />}><Diff text={patch.data.text} />{patch.data.truncated ? <p class="tablenote">Only the first part is shown.</p> : null}</Section> : null}
    </>
  );
}

function Diff({ text }: { text: string }) {
  const kind = (line: string) => (/^(diff |index |\+\+\+|---)/.test(line) ? "file" : line.startsWith("+") ? "add" : line.startsWith("-") ? "del" : line.startsWith("@@") ? "at" : "");
  return <div class="diff" tabIndex={0} role="region" aria-label="Uncommitted changes">{text.split("\n").map((line, i) => <div key={i} class={kind(line)}>{line || " "}</div>)}</div>;
}

function Artifacts({ items }: { items: ArtifactUse[] | undefined }) {
  const [open] = useQuery("artifact");
  const [path, setPath] = useQuery("path");
  if (!items) return null;
  if (!items.length) return <Empty title="No artifacts" lines={`run.use("data:flights@main")\nrun.save("features/", "features", kind="data")\nrun.save_model(model, "delay")`}>What a run reads and what it makes shows here, and becomes an arrow in the lineage graph.</Empty>;
  const chosen = items.find((item) => item.version.id === open);
  return (
    <>
      {(["produced", "used"] as const).map((direction) => {
        const group = items.filter((item) => item.direction === direction);
        return group.length ? (
          <Section key={direction} title={direction === "produced" ? "Made" : "Used"}>
            <ul class="lineslist">
              {group.map((item) => (
                <li key={item.version.id + item.role}>
                  <span class="faint"><Glyph name={glyphOf(item.version.kind)} /></span>
                  <VersionName version={item.version} full />
                  {item.role ? <span class="faint hide-narrow cut">as {item.role}</span> : null}
                  <span class="when row"><span class="hide-narrow">{filesAndSize(item.version)}</span><button type="button" class="button bare" aria-pressed={open === item.version.id} onClick={() => setQuery({ artifact: open === item.version.id ? null : item.version.id, path: null })}>Files</button></span>
                </li>
              ))}
            </ul>
          </Section>
        ) : null;
      })}
      {chosen ? <Section title={`Files of ${chosen.version.name} v${chosen.version.number}`}><Files key={chosen.version.id} version={chosen.version.id} path={path} setPath={(to) => setPath(to)} /></Section> : null}
    </>
  );
}

function Edit({ detail, close, done }: { detail: RunDetail; close: () => void; done: () => void }) {
  const [name, setName] = useState(detail.run.name);
  const [notes, setNotes] = useState(detail.notes);
  const [tags, setTags] = useState(Object.entries(detail.run.tags).map(([k, v]) => `${k}=${v}`).join("\n"));
  const [problem, setProblem] = useState("");
  const save = async (event: Event) => {
    event.preventDefault();
    const wanted: Record<string, string | null> = Object.fromEntries(Object.keys(detail.run.tags).map((key) => [key, null]));
    for (const line of tags.split("\n").map((one) => one.trim()).filter(Boolean)) {
      const at = line.indexOf("=");
      if (at < 1) return setProblem(`“${line}” is not a tag. Write it like team=delays.`);
      wanted[line.slice(0, at).trim()] = line.slice(at + 1).trim();
    }
    try {
      await call("PATCH", `/runs/${detail.run.id}`, { name, notes, tags: wanted });
      await get(`/runs/${detail.run.id}`);
      toast("Saved.");
      done();
      close();
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return (
    <Dialog title="Edit the run" close={close}>
      <form onSubmit={(event) => void save(event)}>
        <div class="inside">
          <label class="field"><span>Name</span><input class="input" type="text" value={name} maxLength={200} onInput={(event) => setName(event.currentTarget.value)} /></label>
          <label class="field"><span>Notes</span><textarea class="input" rows={4} value={notes} onInput={(event) => setNotes(event.currentTarget.value)} /></label>
          <label class="field"><span>Tags</span><textarea class="input mono" rows={3} value={tags} onInput={(event) => setTags(event.currentTarget.value)} /><small>One a line, like team=delays.</small></label>
          {problem ? <p class="bad" role="alert">{problem}</p> : null}
        </div>
        <footer><button type="button" class="button" onClick={close}>Cancel</button><button type="submit" class="button main">Save</button></footer>
      </form>
    </Dialog>
  );
}

