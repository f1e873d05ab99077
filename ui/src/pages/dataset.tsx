// One dataset: the version chosen with its files and statistics, and the history of all.
import { useResource, withQuery } from "../kit/api";
import { bytes, when } from "../kit/format";
import { Files } from "../kit/files";
import { Glyph } from "../kit/glyphs";
import { Head, Loading, Section, usePage } from "../kit/page";
import { Ago, Copy, Empty, Failed, Facts, Panel, Tabs, Tag } from "../kit/parts";
import { setQuery, useQuery } from "../kit/router";
import { Table } from "../kit/table";
import { lineageOf, pageOfVersion } from "../links";
import { Profile, tablesOf } from "../nouns/profile";
import { filesAndSize, Moves, Refs, Uses, versionColumns } from "../nouns/versions";
import { Walk } from "../nouns/walk";
import type { DataDetail, DataVersion, FileDiff } from "../wire";

export default function Dataset({ name }: { name: string }) {
  const base = `/data/${encodeURIComponent(name)}`;
  const data = useResource<DataDetail>(base, (event) => event.topic === "version" || event.topic === "ref");
  const [wanted] = useQuery("version");
  const [tab, setTab] = useQuery("tab", "history");
  const [path, setPath] = useQuery("path");
  const main = data.data?.refs.find((ref) => ref.ref === "main")?.number;
  const number = Number(wanted) || main || data.data?.versions[0]?.number;
  const version = useResource<DataVersion>(number ? `${base}/versions/${number}` : null);
  usePage({ title: "Datasets", href: "/data" }, { title: name });
  if (!data.data) return data.problem ? <Failed problem={data.problem} again={data.reload} /> : <Loading />;
  const shown = version.data?.detail.version;
  const link = (n: number, to?: string) => `${base}?version=${n}${to ? `&tab=${to}` : tab !== "history" ? `&tab=${tab}` : ""}`;
  const tabs = [
    { id: "history", title: "History", count: data.data.versions.length }, { id: "files", title: "Files", count: shown?.files },
    { id: "profile", title: "Statistics" }, { id: "changes", title: "Changes" }, { id: "names", title: "Branches and tags", count: data.data.refs.length }, { id: "lineage", title: "Lineage" },
  ];
  return (
    <>
      <Head title={name} badge={shown ? <span class="row"><span class="tag"><b>v{shown.number}</b></span><Refs names={shown.refs} /></span> : null} actions={
        <>
          <select class="input" aria-label="Version" value={number} onChange={(event) => setQuery({ version: event.currentTarget.value, path: null }, { push: true })}>
            {data.data.versions.map((one) => <option key={one.id} value={one.number}>v{one.number}{one.refs.length ? ` (${one.refs.join(", ")})` : ""}</option>)}
          </select>
          {shown ? <a class="button" href={lineageOf(shown.address)}><Glyph name="lineage" size={14} />Lineage</a> : null}
        </>
      }>
        {shown ? (
          <>
            <span>{shown.message || "no message"}</span><span>{filesAndSize(shown)}</span>
            <span><Ago at={shown.created_at_ms} />{shown.author ? ` by ${shown.author}` : ""}</span>
            <span class="row" style={{ gap: "2px" }}><code class="faint">{shown.address}</code><Copy text={shown.address} label="Copy the address" /></span>
            {Object.entries(shown.tags).map(([key, text]) => <Tag key={key} name={key} value={text} />)}
          </>
        ) : null}
      </Head>
      <Tabs label="About this dataset" tabs={tabs} now={tab} set={(to) => setTab(to)} />
      <Panel id={tab}>
        {version.problem ? <Failed problem={version.problem} /> : null}
        <div class={version.stale ? "stale" : ""}>
          {tab === "history" ? (
            <>
              <Table label={`Versions of ${name}`} rows={data.data.versions} id={(one) => one.id} current={shown?.id} columns={versionColumns((one) => link(one.number)).map((column) => ({ ...column, order: undefined }))} />
              {version.data ? <div class="columns"><Section title={`Who made and used v${number}`}>{version.data.detail.uses.length ? <Uses uses={version.data.detail.uses} /> : <p class="soft">No run yet. <code>run.use("data:{name}")</code> in a run draws the arrow.</p>}</Section>
                <Section title={`About v${number}`}><Facts rows={[["Created", when(version.data.detail.version.created_at_ms)], ["Digest", <code>{version.data.detail.version.digest.slice(0, 24)}…</code>], ["Built on", version.data.detail.parents.map((one) => <a key={one.id} href={pageOfVersion(one)}>{one.address} </a>)], ["Type", version.data.detail.version.type], ...Object.entries(version.data.detail.version.metadata).map(([k, v]): [string, string] => [k, typeof v === "object" ? JSON.stringify(v) : String(v)])]} /></Section></div> : null}
            </>
          ) : null}
          {tab === "files" && shown ? <Files key={shown.id} version={shown.id} path={path} setPath={(to) => setPath(to)} /> : null}
          {tab === "profile" ? (tablesOf(version.data?.profile).length ? <Profile of={version.data!.profile} /> : version.data ? <Empty title="No statistics of this version">They are made when a version with CSV or Parquet files is committed, in one pass, and merge with those of the versions before.</Empty> : null) : null}
          {tab === "changes" && number ? <Changes base={base} number={number} before={version.data?.detail.parents[0]?.number} all={data.data.versions.map((one) => one.number)} /> : null}
          {tab === "names" ? <Names data={data.data} link={link} /> : null}
          {tab === "lineage" && shown ? <Walk address={shown.address} /> : null}
        </div>
      </Panel>
    </>
  );
}

function Names({ data, link }: { data: DataDetail; link: (n: number) => string }) {
  return (
    <>
      <ul class="lineslist" aria-label="Branches and tags">
        {data.refs.map((ref) => <li key={ref.ref}><span class="tag act">{ref.ref}</span><a href={link(ref.number)}>v{ref.number}</a><span class="when">since <Ago at={ref.moved_at_ms} /></span></li>)}
      </ul>
      <Section title="Moves">{data.history.length ? <Moves moves={data.history} /> : <p class="soft">No name has moved.</p>}</Section>
    </>
  );
}

function Changes({ base, number, before, all }: { base: string; number: number; before: number | undefined; all: number[] }) {
  const [from] = useQuery("from");
  const a = Number(from) || before || all.find((one) => one < number);
  const diff = useResource<FileDiff>(a ? withQuery(`${base}/diff`, { a: `v${a}`, b: `v${number}` }) : null);
  if (!a) return <p class="soft">This is the first version.</p>;
  return (
    <>
      <div class="row wrap" style={{ marginBottom: "8px" }}>
        <label class="row"><span class="soft">From</span>
          <select class="input" value={a} onChange={(event) => setQuery({ from: event.currentTarget.value })}>{all.filter((one) => one !== number).map((one) => <option key={one} value={one}>v{one}</option>)}</select>
        </label>
        <span class="soft">to v{number}</span>
        {diff.data ? <span><span class="good">{diff.data.added} added</span>, {diff.data.changed} changed, <span class="bad">{diff.data.removed} removed</span></span> : null}
      </div>
      {diff.problem ? <Failed problem={diff.problem} /> : diff.data ? (
        diff.data.files.length ? <Table label="Changed files" stale={diff.stale} rows={diff.data.files} id={(file) => file.path} columns={[
          { key: "path", title: "Path", cell: (file) => <span class="mono" title={file.path}>{file.path}</span> },
          { key: "change", title: "Change", width: 110, cell: (file) => <span class={file.change === "added" ? "good" : file.change === "removed" ? "bad" : ""}>{file.change}</span> },
          { key: "before", title: "Before", width: 110, numeric: true, cell: (file) => (file.before_bytes === null ? "" : bytes(file.before_bytes)) },
          { key: "after", title: "After", width: 110, numeric: true, cell: (file) => (file.after_bytes === null ? "" : bytes(file.after_bytes)) },
        ]} /> : <p class="soft">The same files.</p>
      ) : null}
    </>
  );
}
