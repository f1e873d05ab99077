// The curves of one run: a chart a metric, grouped by what stands before the last slash.
import { useMemo } from "preact/hooks";
import { Filter } from "../../kit/filter";
import { Glyph } from "../../kit/glyphs";
import { Section } from "../../kit/page";
import { Empty } from "../../kit/parts";
import { setQuery, useQuery } from "../../kit/router";
import { pen, type Pen } from "../../kit/theme";
import { CurveChart, type Against, type Look } from "../../nouns/curves";
import { nameOf } from "../../nouns/runs";
import type { RunDetail } from "../../wire";

/** `system` shows what was measured of the machine. */
export function Charts({ run, keys, loaded, system }: { run: RunDetail; keys: string[]; loaded: boolean; system?: boolean }) {
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
