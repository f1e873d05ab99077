// One deployment: what it serves, how it fares, and its log of predictions.
import { useMemo, useState } from "preact/hooks";
import { useResource } from "../kit/api";
import { Badge } from "../kit/badge";
import { flat, number, value } from "../kit/format";
import { Glyph } from "../kit/glyphs";
import { Head, Loading, Section, usePage } from "../kit/page";
import { Ago, Copy, Empty, Failed, Facts, Panel, Tabs } from "../kit/parts";
import { go, setQuery, useQuery } from "../kit/router";
import { pen, type Pen } from "../kit/theme";
import { Table } from "../kit/table";
import { lineageOf } from "../links";
import { CurveChart } from "../nouns/curves";
import { Log } from "../nouns/log";
import { took } from "../nouns/runs";
import { Uses, VersionName, versionColumns } from "../nouns/versions";
import type { DeploymentDetail, SeriesList } from "../wire";

export default function Deployment({ id }: { id: string }) {
  const detail = useResource<DeploymentDetail>(`/deployments/${id}`, (event) => event.id === id || event.topic === "version");
  const series = useResource<SeriesList>(`/runs/${id}/series`, (event) => event.topic === "series" && event.id === id);
  const [tab, setTab] = useQuery("tab", "now");
  const [zoomed] = useQuery("zoom");
  const zoom = useMemo(() => (zoomed ? (zoomed.split("~").map(Number) as [number, number]) : null), [zoomed]);
  const [ask, setAsk] = useState("");
  const pens = useMemo(() => new Map<string, Pen>([[id, pen(0)]]), [id]);
  const names = useMemo(() => new Map([[id, detail.data?.deployment.name ?? ""]]), [id, detail.data?.deployment.name]);
  usePage({ title: "Deployments", href: "/deployments" }, { title: detail.data?.deployment.name ?? "…" });
  if (!detail.data) return detail.problem ? <Failed problem={detail.problem} again={detail.reload} /> : <Loading />;
  const { deployment, models, predictions, outcomes, result } = detail.data;
  const { run } = deployment;
  const keys = (series.data?.items ?? []).map((one) => one.key);
  return (
    <>
      <Head title={deployment.name} badge={<Badge tint state={deployment.live ? "live" : run.state === "running" ? "lost" : run.state} word={deployment.live ? "live" : run.state === "running" ? "silent" : run.state === "finished" ? "stopped" : run.state} />} actions={<a class="button" href={lineageOf(run.address)}><Glyph name="lineage" size={14} />Lineage</a>}>
        {deployment.url ? <span class="row" style={{ gap: "2px" }}><code>{deployment.url}</code><Copy text={deployment.url} label="Copy the address" /></span> : null}
        <span>started <Ago at={run.started_at_ms} /></span>{took(run) ? <span>for {took(run)}</span> : null}
        <span>{deployment.predictions.toLocaleString("en-US")} predictions kept</span>
        <span class="row" style={{ gap: "2px" }}><code class="faint">{run.id}</code><Copy text={run.address} label="Copy the run’s address" /></span>
      </Head>
      <Tabs label="About this deployment" now={tab} set={(to) => setTab(to)} tabs={[{ id: "now", title: "Now" }, { id: "predictions", title: "Predictions", count: predictions.length }, { id: "outcomes", title: "Outcomes", count: outcomes.length }, { id: "models", title: "Models served", count: models.length }, { id: "console", title: "Console" }, { id: "about", title: "About" }]} />
      <Panel id={tab}>
        {run.error ? <p class="traceback" style={{ marginBottom: "16px" }}>{run.error}</p> : null}
        {tab === "now" ? (
          <>
            <Section title="Serves">
              <Table label="Targets" rows={deployment.targets} id={(target) => target.address + target.name} columns={[
                { key: "name", title: "Name", width: 160, cell: (target) => target.name },
                { key: "version", title: "Version", width: 180, cell: (target) => (target.version ? <VersionName version={target.version} /> : "") },
                { key: "address", title: "Follows", width: 220, cell: (target) => <code>{target.address}</code> },
                { key: "weight", title: "Share of traffic", width: 130, numeric: true, cell: (target) => (target.shadow ? "shadow" : number(target.weight)) },
              ]} />
            </Section>
            {keys.length ? <Section title="Over time"><div class="charts">{keys.map((key) => <CurveChart key={key} metric={key} runs={[id]} pens={pens} names={names} look={{ x: "time", log: false, smooth: 0, zoom }} setZoom={(to) => setQuery({ zoom: to ? to.join("~") : null }, { push: true })} live={deployment.live} />)}</div></Section>
              : Object.keys(deployment.rates).length ? <Section title="Rates"><Facts rows={Object.entries(deployment.rates).map(([key, rate]) => [key, number(rate)])} /></Section> : null}
          </>
        ) : null}
        {tab === "predictions" ? (
          <>
            <form class="row" style={{ marginBottom: "12px", maxWidth: "560px" }} onSubmit={(event) => { event.preventDefault(); if (ask.trim()) go(lineageOf(ask.trim().startsWith("prediction:") ? ask.trim() : `prediction:${ask.trim()}`)); }}>
              <input class="input mono grow" type="text" aria-label="Id of a prediction" placeholder="Id of a prediction, from the answer’s header" value={ask} onInput={(event) => setAsk(event.currentTarget.value)} />
              <button type="submit" class="button" disabled={!ask.trim()}>Where it came from</button>
            </form>
            {predictions.length ? <Table label="Prediction logs" rows={predictions} id={(one) => one.id} columns={[{ ...versionColumns()[0]!, order: undefined, width: 110 }, { key: "rows", title: "Rows", width: 90, numeric: true, cell: (one) => number(Number(one.metadata.rows ?? 0)) }, { key: "first", title: "First id", width: 240, cell: (one) => (one.metadata.first_id ? <a class="mono" href={lineageOf(`prediction:${String(one.metadata.first_id)}`)}>{String(one.metadata.first_id)}</a> : "") }, ...versionColumns().slice(3, 4).map((column) => ({ ...column, order: undefined })), { key: "created", title: "Kept", cell: (one) => <Ago at={one.created_at_ms} /> }]} /> : <Empty title="No predictions kept yet">They are written to the store every few seconds, as the deployment samples them.</Empty>}
          </>
        ) : null}
        {tab === "outcomes" ? (outcomes.length ? <Table label="Outcomes" rows={outcomes} id={(one) => one.id} columns={versionColumns().map((column) => ({ ...column, order: undefined }))} /> : <Empty title="No outcomes yet" lines={`curl ${deployment.url ?? "localhost:8080"}/outcomes -H 'content-type: application/json' \\\n  -d '{"outcomes": [{"prediction_id": "01J…", "value": 1}]}'`}>What really happened, sent later; performance is computed from it.</Empty>) : null}
        {tab === "models" ? (models.length ? <><Uses uses={models} /><Section title="Versions"><Table label="Versions served" rows={detail.data.served} id={(one) => one.id} columns={versionColumns().map((column) => ({ ...column, order: undefined }))} /></Section></> : <p class="soft">None yet.</p>) : null}
        {tab === "console" ? <Log run={id} /> : null}
        {tab === "about" ? <Facts rows={[...flat(result), ...Object.entries(run.params)].map(([key, item]) => [key, <code>{value(item)}</code>])} /> : null}
      </Panel>
    </>
  );
}
