// A piece of a report: text, or a live panel of runs: curves, a table, media, the params that differ.
import { useMemo } from "preact/hooks";
import { useResource, withQuery } from "../kit/api";
import { number, value } from "../kit/format";
import { Prose } from "../kit/prose";
import { Table } from "../kit/table";
import { pen } from "../kit/theme";
import type { MediaList, Panel, ReportBlock, RunRow } from "../wire";
import { CurveChart, type Look } from "./curves";
import { MediaPanel } from "./media";
import { columnOf, nameOf, RunLink } from "./runs";

export function Block({ block }: { block: ReportBlock }) {
  if (block.problem) return <div class="panelproblem" role="note"><p class="bad">This panel cannot be shown: {block.problem}</p><pre>{block.source}</pre></div>;
  if (!block.panel) return <Prose html={block.html} />;
  return <LivePanel panel={block.panel} runs={block.runs?.items ?? []} total={block.runs?.total ?? 0} />;
}

function LivePanel({ panel, runs, total }: { panel: Panel; runs: RunRow[]; total: number }) {
  const kind = panel.show ?? (panel.metric ? "chart" : panel.media ? "media" : "runs");
  const names = useMemo(() => new Map(runs.map((run) => [run.id, nameOf(run)])), [runs]);
  const pens = useMemo(() => new Map(runs.map((run, i) => [run.id, pen(i)])), [runs]);
  const ids = useMemo(() => runs.map((run) => run.id), [runs]);
  if (!runs.length) return <figure class="livepanel"><Caption panel={panel} /><p class="soft">No run matches{typeof panel.runs === "string" && panel.runs ? <>: <code>{panel.runs}</code></> : ""}.</p></figure>;
  const metrics = typeof panel.metric === "string" ? [panel.metric] : panel.metric ?? [];
  const look: Look = { x: panel.x ?? "step", log: panel.log ?? false, smooth: panel.smooth ?? 0, zoom: null };
  const legend = (
    <ul class="legend" aria-label="Runs">
      {runs.map((run) => <li key={run.id}><span class={`swatch${pens.get(run.id)!.dashed ? " dashed" : ""}`} style={{ borderColor: pens.get(run.id)!.css }} /><RunLink run={run} /></li>)}
    </ul>
  );
  return (
    <figure class="livepanel">
      {kind === "chart" ? (
        <>
          {metrics.map((metric) => <CurveChart key={metric} metric={metric} title={panel.title || metric} runs={ids} pens={pens} names={names} look={look} setZoom={() => undefined} live={runs.some((run) => run.state === "running")} height={260} />)}
          {legend}
        </>
      ) : kind === "runs" ? <><Caption panel={panel} /><RunsOf panel={panel} runs={runs} /></>
        : kind === "params" ? <><Caption panel={panel} /><Differing runs={runs} /></>
          : <><Caption panel={panel} /><MediaOf keyed={panel.media ?? ""} ids={ids} names={names} pens={pens} /></>}
      {kind !== "params" && total > runs.length ? <p class="tablenote">{runs.length} of {total.toLocaleString("en-US")} runs.</p> : null}
    </figure>
  );
}

const Caption = ({ panel }: { panel: Panel }) => (panel.title ? <figcaption>{panel.title}</figcaption> : null);

function RunsOf({ panel, runs }: { panel: Panel; runs: RunRow[] }) {
  const first = runs[0]!;
  const usual = ["state", "duration", ...Object.keys(first.metrics).filter((key) => !key.startsWith("system/")).sort().slice(0, 4).map((key) => `metrics.${key}`), ...Object.keys(first.params).sort().slice(0, 4).map((key) => `params.${key}`)];
  const columns = ["name", ...(panel.columns?.length ? panel.columns : usual).filter((key) => key !== "name")].flatMap((key) => columnOf(key) ?? []).map((column) => ({ ...column, order: undefined }));
  return <Table label={panel.title || "Runs"} rows={runs} id={(run) => run.id} columns={columns} />;
}

/** Params as rows, runs as columns; only what differs. */
function Differing({ runs }: { runs: RunRow[] }) {
  const keys = [...new Set(runs.flatMap((run) => Object.keys(run.params)))].sort().filter((key) => new Set(runs.map((run) => JSON.stringify(run.params[key] ?? null))).size > 1);
  if (!keys.length) return <p class="soft">The params are the same in all {runs.length} runs.</p>;
  return (
    <div class="tablebox" tabIndex={0} role="region" aria-label="Params that differ">
      <table class="table auto">
        <thead><tr><th class="lead" scope="col">Param</th>{runs.map((run) => <th key={run.id} scope="col">{nameOf(run)}</th>)}</tr></thead>
        <tbody>{keys.map((key) => <tr key={key}><td class="lead" title={key}>{key}</td>{runs.map((run) => <td key={run.id}>{typeof run.params[key] === "number" ? number(run.params[key] as number) : value(run.params[key]) || <span class="faint">—</span>}</td>)}</tr>)}</tbody>
      </table>
    </div>
  );
}

function MediaOf({ keyed, ids, names, pens }: { keyed: string; ids: string[]; names: Map<string, string>; pens: Map<string, ReturnType<typeof pen>> }) {
  const media = useResource<MediaList>(withQuery("/media", { runs: ids.join() }), (event) => event.topic === "version");
  const found = media.data?.items.filter((one) => one.key === keyed) ?? [];
  if (!media.data) return null;
  if (!found.length) return <p class="soft">None of these runs logged media as <code>{keyed}</code>.</p>;
  return <>{found.map((one) => <MediaPanel key={one.view} media={one} runs={ids} names={names} pens={pens} />)}</>;
}
