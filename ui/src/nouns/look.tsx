// How curves are drawn: the bar of choices above the panels, all of them in the address.
import { useMemo } from "preact/hooks";
import { Glyph } from "../kit/glyphs";
import { Filter } from "../kit/filter";
import { Pop } from "../kit/parts";
import { setQuery, useQuery } from "../kit/router";
import type { Against, Look } from "./curves";
import type { Layout, Views } from "./layout";
import { FieldChoices } from "./fields";
import { groupsOf, type Compared, type Groups } from "./runset";
import { SaveView } from "./views";

export interface Seen {
  look: Look;
  chosenX: boolean;
  groups: Groups | null;
  mean: boolean;
  setZoom: (zoom: [number, number] | null) => void;
}

/** The look as the address says it. */
export function useLook(set: Compared): Seen {
  const [x] = useQuery("x");
  const [scale] = useQuery("y", "linear");
  const [logX] = useQuery("lx");
  const [smooth] = useQuery("smooth", "0");
  const [envelope] = useQuery("env");
  const [zoomed] = useQuery("zoom");
  const [group] = useQuery("group");
  const [as] = useQuery("groupas", "mean");
  const zoom = useMemo(() => {
    const parts = zoomed.split("~").map(Number);
    return parts.length === 2 && parts.every(Number.isFinite) ? (parts as [number, number]) : null;
  }, [zoomed]);
  const against = (/^(step|time|elapsed|metric:.+)$/.test(x) ? x : "step") as Against;
  const groups = useMemo(() => groupsOf(set, group), [set.shown, group, set.definitions]);
  const weight = Math.min(Math.max(Number(smooth) || 0, 0), 0.999);
  const look = useMemo((): Look => ({ x: against, log: scale === "log", logX: logX !== "" && against !== "time", smooth: weight, zoom, envelope: envelope !== "off", band: as === "minmax" ? "minmax" : "std" }), [against, scale, logX, weight, zoom, envelope, as]);
  const setZoom = (to: [number, number] | null) => setQuery({ zoom: to ? to.map((v) => Number(v.toPrecision(10))).join("~") : null }, { push: true });
  return { look, chosenX: x !== "", groups, mean: as !== "curves", setZoom };
}

export function LookBar({ set, seen, keys, views, layout, setLayout }: { set: Compared; seen: Seen; keys: string[]; views: Views; layout: Layout; setLayout: (layout: Layout) => void }) {
  const [find, setFind] = useQuery("find");
  const [x] = useQuery("x");
  const [scale, setScale] = useQuery("y", "linear");
  const [logX, setLogX] = useQuery("lx");
  const [smooth, setSmooth] = useQuery("smooth", "0");
  const [envelope, setEnvelope] = useQuery("env");
  const [group] = useQuery("group");
  const [as] = useQuery("groupas", "mean");
  const defined = Object.values(set.definitions).some((one) => one.x);
  return (
    <div class="toolbar lookbar">
      <Filter value={find} set={(text) => setFind(text)} label="Find a chart" goes="f" hint="Find a chart: loss$ or val/.*" />
      <select class="input" aria-label="Horizontal axis" value={x} onChange={(event) => setQuery({ x: event.currentTarget.value || null, zoom: null })}>
        <option value="">{defined ? "As defined" : "Step"}</option>{defined ? <option value="step">Step</option> : null}<option value="elapsed">Time since start</option><option value="time">Clock time</option>
        <optgroup label="Another metric">{keys.filter((key) => !key.startsWith("system/")).slice(0, 200).map((key) => <option key={key} value={`metric:${key}`}>{key}</option>)}</optgroup>
      </select>
      <label class="row"><span class="soft">Smooth</span><input type="range" min="0" max="0.999" step="0.001" value={smooth} aria-label="Smoothing" aria-valuetext={Number(smooth) ? smooth : "off"} onInput={(event) => setSmooth(event.currentTarget.value)} /><span class="faint value">{Number(smooth) ? smooth : "off"}</span></label>
      <select class="input" aria-label="Group by" value={group} onChange={(event) => setQuery({ group: event.currentTarget.value || null })}>
        <option value="">No groups</option><FieldChoices set={set} most={40} />
      </select>
      {group ? (
        <select class="input" aria-label="Draw groups as" value={as} onChange={(event) => setQuery({ groupas: event.currentTarget.value === "mean" ? null : event.currentTarget.value })}>
          <option value="mean">Mean ± deviation</option><option value="minmax">Mean, least to most</option><option value="curves">Coloured curves</option>
        </select>
      ) : null}
      <Pop label="Axes" title="Axes" left>
        {() => (
          <>
            <label class="choice"><input type="checkbox" checked={scale === "log"} onChange={() => setScale(scale === "log" ? "linear" : "log")} />Log scale</label>
            <label class="choice"><input type="checkbox" checked={logX !== ""} onChange={() => setLogX(logX ? null : "1")} />Log scale across</label>
            <label class="choice"><input type="checkbox" checked={envelope !== "off"} onChange={() => setEnvelope(envelope === "off" ? null : "off")} />Least and most of each pixel</label>
          </>
        )}
      </Pop>
      <SaveView views={views} reset={layout.order.length + layout.hidden.length + layout.folded.length + layout.wide.length ? () => setLayout({ order: [], hidden: [], folded: [], wide: [] }) : null} />
      {seen.look.zoom ? <button type="button" class="button" onClick={() => seen.setZoom(null)}><Glyph name="fit" size={14} />Show all</button> : null}
    </div>
  );
}
