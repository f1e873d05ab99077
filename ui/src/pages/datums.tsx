// The datums behind an output: what became of each in a run, what it read and gave, what it printed.
import "./datums.css";
import { useResource, withQuery } from "../kit/api";
import { Badge } from "../kit/badge";
import { bytes, duration, when } from "../kit/format";
import { Filter } from "../kit/filter";
import { Glyph } from "../kit/glyphs";
import { Head, Loading, Section, usePage } from "../kit/page";
import { Ago, Copy, Empty, Facts, Failed, Panel, Tabs } from "../kit/parts";
import { setQuery, useQuery } from "../kit/router";
import { Table } from "../kit/table";
import { pageOfRun } from "../links";
import { pageOfFile, Reads } from "../nouns/datums";
import { Log } from "../nouns/log";
import type { DatumList, DatumRow } from "../wire";

const PAGE = 200;

export default function Datums({ name }: { name: string }) {
  const [number] = useQuery("number");
  const [became] = useQuery("became");
  const [find] = useQuery("find");
  const [offset] = useQuery("offset");
  const [picked] = useQuery("datum");
  const at = (more: Record<string, string | number>) => withQuery(`/datums/${encodeURIComponent(name)}`, { ...(number ? { number } : {}), ...more });
  const list = useResource<DatumList>(at({ became, find, offset: Number(offset) || 0, limit: PAGE }), (event) => event.topic === "version");
  const alone = useResource<DatumList>(picked ? at({ find: picked, limit: 1 }) : null);
  usePage({ title: "Datasets", href: "/data" }, { title: name, href: `/data/${encodeURIComponent(name)}` }, { title: "Datums" });
  if (!list.data) return list.problem ? <Failed problem={list.problem} again={list.reload} /> : <Loading />;
  const { counts, runs, run, items, total, output } = list.data;
  const all = Object.values(counts).reduce((sum, n) => sum + n, 0);
  const here = runs.find((one) => one.number === list.data!.number);
  const begin = Number(offset) || 0;
  const chosen = picked ? (items.find((one) => one.id === picked) ?? alone.data?.items[0]) : undefined;
  const choose = (row: DatumRow) => setQuery({ datum: row.id === picked ? null : row.id });
  return (
    <>
      <Head title={`Datums of ${name}`} badge={here ? <Badge tint state={here.complete ? "finished" : "failed"} /> : null} actions={
        <>
          <select class="input" aria-label="Run" value={list.data.number} onChange={(event) => setQuery({ number: event.currentTarget.value, offset: null, datum: null, became: null }, { push: true })}>
            {runs.map((one) => <option key={one.number} value={one.number}>run {one.number}: {one.counts.processed} run, {one.counts.failed ? `${one.counts.failed} failed` : `${one.counts.skipped} skipped`}, {when(one.at_ms)}</option>)}
          </select>
          {output ? <a class="button" href={`/data/${encodeURIComponent(name)}?version=${output}&tab=files`}><Glyph name="data" size={14} />v{output}</a> : null}
          {run ? <a class="button" href={pageOfRun(run)}><Glyph name="pipeline" size={14} />Its run</a> : null}
        </>
      }>
        {here ? <><Ago at={here.at_ms} /><span>{all.toLocaleString("en-US")} datums{here.counts.deleted ? `, ${here.counts.deleted.toLocaleString("en-US")} gone` : ""}</span>{here.complete ? null : <span>{name} stays as it was; run it again and only those that failed run</span>}</> : null}
      </Head>
      <Tabs label="What became of them" now={became} set={(to) => setQuery({ became: to || null, offset: null })} tabs={[{ id: "", title: "All", count: all }, ...Object.entries(counts).map(([id, n]) => ({ id, title: id[0]!.toUpperCase() + id.slice(1), count: n }))]} />
      <Panel id={became}>
        {all > 8 ? <div class="toolbar" style={{ padding: "0 0 12px" }}><Filter lazy label="Find a path or id" value={find} set={(to) => setQuery({ find: to || null, offset: null })} /></div> : null}
        <div class={`datums${chosen ? " chosen" : ""}`}>
        <div>
        {items.length ? (
          <Table label="Datums" rows={items} id={(row) => row.id} stale={list.stale} current={picked || undefined} columns={[
            { key: "became", title: "Became", width: 112, cell: (row) => <Badge state={row.became} /> },
            { key: "reads", title: "Reads", width: 280, cell: (row) => <button type="button" class="button bare" aria-expanded={row.id === picked} style={{ height: "24px", padding: "0 4px", maxWidth: "100%" }} onClick={() => choose(row)}><span class="cut">{row.reads.map((one) => `${one.input}/${one.path}`).slice(0, 3).join(", ")}{row.reads_total > 3 ? ` and ${row.reads_total - 3} more` : ""}</span></button> },
            { key: "gives", title: "Gives", width: 200, cell: (row) => (row.gives[0] ? <span class="cut">{row.gives[0].path}{row.gives_total > 1 ? ` and ${(row.gives_total - 1).toLocaleString("en-US")} more` : ""}</span> : <span class="faint">nothing</span>) },
            { key: "took", title: "Took", width: 84, numeric: true, cell: (row) => duration(row.seconds * 1000) },
            { key: "tries", title: "Tries", width: 60, numeric: true, cell: (row) => row.tries },
            { key: "when", title: "Run", width: 100, cell: (row) => <Ago at={row.at_ms} /> },
            { key: "error", title: "Error", cell: (row) => <span title={row.error}>{row.error}</span> },
          ]} />
        ) : <Empty title="No such datum">{find || became ? "Nothing here has that. Take the filter away to see all." : "The dataset that the pipeline reads has no file that its glob matches."}</Empty>}
        {total > PAGE ? (
          <p class="tablenote row">
            {begin + 1}–{Math.min(total, begin + items.length)} of {total.toLocaleString("en-US")}
            <button type="button" class="button" disabled={!begin} onClick={() => setQuery({ offset: begin > PAGE ? String(begin - PAGE) : null })}>Before</button>
            <button type="button" class="button" disabled={list.data.next_offset === null} onClick={() => setQuery({ offset: String(list.data!.next_offset) })}>Next</button>
          </p>
        ) : null}
        {!chosen && items.length ? <p class="soft" style={{ marginTop: "12px" }}>Choose a datum to see what it read, gave and printed.</p> : null}
        </div>
        {chosen ? <Pane of={chosen} name={name} output={output} /> : null}
        </div>
      </Panel>
    </>
  );
}

function Pane({ of, name, output }: { of: DatumRow; name: string; output: number | null }) {
  return (
    <aside aria-label={`Datum ${of.id.slice(0, 12)}`}>
      <Section title={`Datum ${of.id.slice(0, 12)}`} tools={<button type="button" class="button bare" aria-label="Close" onClick={() => setQuery({ datum: null })}><Glyph name="close" size={14} /></button>}>
        {of.error ? <p class="traceback" style={{ marginBottom: "8px", overflowWrap: "anywhere" }}>{of.error}</p> : null}
        <Facts rows={[
          ["Became", <Badge state={of.became} />], ["Run", when(of.at_ms)], ["Took", `${duration(of.seconds * 1000)}${of.tries > 1 ? `, ${of.tries} tries` : ""}`],
          ["Id", <span class="row"><code class="cut">{of.id}</code><Copy text={of.id} label="Copy the id" /></span>],
          ["Batch", <a href={`/runs/${of.run_id}`}>run of its batch</a>],
        ]} />
      </Section>
      <Section title="Reads"><Reads of={of} /></Section>
      <Section title="Gives">
        {of.gives.length ? (
          <ul class="lineslist" aria-label="What it gave">
            {of.gives.map((one) => <li key={one.path}>{output ? <a class="cut" href={pageOfFile(name, output, one.path)}>{one.path}</a> : <span class="cut">{one.path}</span>}<span class="when">{bytes(one.size_bytes)}</span></li>)}
            {of.gives_total > of.gives.length ? <li class="soft">and {(of.gives_total - of.gives.length).toLocaleString("en-US")} more</li> : null}
          </ul>
        ) : <p class="soft">No file.</p>}
      </Section>
      <Section title="Console of its batch"><Log run={of.run_id} height="260px" /></Section>
    </aside>
  );
}
