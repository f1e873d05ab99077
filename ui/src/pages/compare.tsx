// Several runs beside each other: their curves in one chart each, and what differs between them.
import { useMemo, useState } from "preact/hooks";
import { useResource, withQuery } from "../kit/api";
import { Badge } from "../kit/badge";
import { Filter } from "../kit/filter";
import { number, value } from "../kit/format";
import { Glyph } from "../kit/glyphs";
import { Head, Loading, Section, usePage } from "../kit/page";
import { Empty, Failed, Panel, Tabs } from "../kit/parts";
import { setQuery, useQuery } from "../kit/router";
import { pensFor, type Pen } from "../kit/theme";
import { CurveChart, type Against, type Look } from "../nouns/curves";
import { byWeight, nameOf, RunLink, took } from "../nouns/runs";
import type { RunPage, RunRow } from "../wire";

export default function Compare() {
  usePage({ title: "Runs", href: "/runs" }, { title: "Compare" });
  const [list] = useQuery("runs");
  const [tab, setTab] = useQuery("tab", "charts");
  const [find, setFind] = useQuery("find");
  const [x] = useQuery("x", "step");
  const [scale, setScale] = useQuery("y", "linear");
  const [smooth, setSmooth] = useQuery("smooth", "0");
  const [zoomed] = useQuery("zoom");
  const [hidden, setHidden] = useState<Set<string>>(new Set());
  const ids = useMemo(() => list.split(",").filter(Boolean), [list]);
  const page = useResource<RunPage>(ids.length ? withQuery("/runs", { q: `id in (${ids.map((id) => `'${id}'`).join(", ")})`, limit: 200 }) : null, (event) => event.topic === "run" && ids.includes(event.id));
  const runs = useMemo(() => ids.flatMap((id) => page.data?.items.find((run) => run.id === id) ?? []), [ids, page.data]);
  const pens = useMemo(() => pensFor(ids), [ids]);
  const names = useMemo(() => labels(runs), [runs]);
  const zoom = useMemo(() => (zoomed ? (zoomed.split("~").map(Number) as [number, number]) : null), [zoomed]);
  if (!ids.length) return <Empty page title="Nothing to compare">Select two runs or more in <a href="/runs">the table of runs</a> and press c.</Empty>;
  if (!page.data) return page.problem ? <Failed problem={page.problem} again={page.reload} /> : <Loading />;

  const look: Look = { x: x as Against, log: scale === "log", smooth: Number(smooth), zoom };
  const setZoom = (to: [number, number] | null) => setQuery({ zoom: to ? to.map((v) => Number(v.toPrecision(10))).join("~") : null }, { push: true });
  const shown = runs.filter((run) => !hidden.has(run.id));
  const keys = [...new Set(runs.flatMap((run) => Object.keys(run.metrics)))].filter((key) => !key.startsWith("system/")).sort(byWeight);
  const toggle = (id: string) => {
    const next = new Set(hidden);
    if (!next.delete(id)) next.add(id);
    setHidden(next);
  };
  return (
    <>
      <Head title={`Compare ${runs.length} runs`}>
        <ul class="legend" aria-label="Runs">
          {runs.map((run) => (
            <li key={run.id}>
              <input type="checkbox" aria-label={`Show ${names.get(run.id)}`} checked={!hidden.has(run.id)} onChange={() => toggle(run.id)} />
              <span class={`swatch${pens.get(run.id)!.dashed ? " dashed" : ""}`} style={{ borderColor: pens.get(run.id)!.css }} />
              <RunLink run={{ ...run, name: names.get(run.id)! }} />
              <button type="button" class="button bare icon" style={{ width: "20px", height: "20px" }} aria-label={`Take out ${names.get(run.id)}`} onClick={() => setQuery({ runs: ids.filter((id) => id !== run.id).join() })}><Glyph name="close" size={12} /></button>
            </li>
          ))}
        </ul>
      </Head>
      <Tabs label="Compare" tabs={[{ id: "charts", title: "Charts", count: keys.length }, { id: "values", title: "Params and metrics" }]} now={tab} set={(to) => setTab(to)} />
      <Panel id={tab}>
        {tab === "charts" ? (
          <>
            <div class="toolbar" style={{ padding: "0 0 12px" }}>
              {keys.length > 6 ? <Filter value={find} set={(text) => setFind(text)} label="Find a chart" /> : null}
              <select class="input" aria-label="Horizontal axis" value={x} onChange={(event) => setQuery({ x: event.currentTarget.value === "step" ? null : event.currentTarget.value, zoom: null })}>
                <option value="step">Step</option><option value="elapsed">Time since start</option><option value="time">Clock time</option>
              </select>
              <button type="button" class="button" aria-pressed={scale === "log"} onClick={() => setScale(scale === "log" ? "linear" : "log")}>Log scale</button>
              <label class="row"><span class="soft">Smooth</span><input type="range" min="0" max="0.99" step="0.01" value={smooth} aria-label="Smoothing" onInput={(event) => setSmooth(event.currentTarget.value)} /></label>
            </div>
            {keys.length ? (
              <div class="charts">
                {keys.filter((key) => key.toLowerCase().includes(find.toLowerCase())).map((key) => (
                  <CurveChart key={key} metric={key} runs={shown.filter((run) => key in run.metrics).map((run) => run.id)} pens={pens} names={names} look={look} setZoom={setZoom} live={runs.some((run) => run.state === "running")} height={240} />
                ))}
              </div>
            ) : <p class="soft">None of these runs logged a metric.</p>}
          </>
        ) : <Values runs={runs} names={names} pens={pens} />}
      </Panel>
    </>
  );
}

/** A name for each run, made different where two are called the same. */
function labels(runs: RunRow[]): Map<string, string> {
  const seen = new Map<string, number>();
  for (const run of runs) seen.set(nameOf(run), (seen.get(nameOf(run)) ?? 0) + 1);
  return new Map(runs.map((run) => [run.id, seen.get(nameOf(run))! > 1 ? `${nameOf(run)} ${run.id.slice(-4)}` : nameOf(run)]));
}

function Values({ runs, names, pens }: { runs: RunRow[]; names: Map<string, string>; pens: Map<string, Pen> }) {
  const [all, setAll] = useQuery("all");
  const block = (title: string, keys: string[], read: (run: RunRow, key: string) => string) => {
    const rows = keys.map((key): [string, string[]] => [key, runs.map((run) => read(run, key))]).filter(([, cells]) => all || new Set(cells).size > 1);
    return (
      <Section title={title} key={title}>
        {rows.length ? (
          <div class="tablebox" tabIndex={0} role="region" aria-label={title}>
            <table class="table auto">
              <thead><tr><th class="lead" scope="col">Name</th>{runs.map((run) => <th key={run.id} scope="col"><span class="row"><span class="dot" style={{ background: pens.get(run.id)!.css }} />{names.get(run.id)}</span></th>)}</tr></thead>
              <tbody>{rows.map(([key, cells]) => <tr key={key}><td class="lead" title={key}>{key}</td>{cells.map((cell, i) => <td key={i} title={cell}>{cell || <span class="faint">—</span>}</td>)}</tr>)}</tbody>
            </table>
          </div>
        ) : <p class="soft">{keys.length ? "The same in all." : "None."}</p>}
      </Section>
    );
  };
  const keysOf = (read: (run: RunRow) => object): string[] => [...new Set(runs.flatMap((run) => Object.keys(read(run))))].sort();
  return (
    <>
      <label class="row"><input type="checkbox" checked={all !== ""} onChange={() => setAll(all ? null : "1")} />Also what is the same in all</label>
      {block("Params", keysOf((run) => run.params), (run, key) => value(run.params[key]))}
      {block("Metrics, last value", keysOf((run) => run.metrics).filter((key) => !key.startsWith("system/")), (run, key) => number(run.metrics[key]?.last))}
      {block("Tags", keysOf((run) => run.tags), (run, key) => run.tags[key] ?? "")}
      <Section title="Runs">
        <ul class="lineslist">{runs.map((run) => <li key={run.id}><Badge state={run.state} /><RunLink run={run} /><span class="when">{took(run)}</span></li>)}</ul>
      </Section>
    </>
  );
}
