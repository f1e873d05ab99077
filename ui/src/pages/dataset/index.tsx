// One dataset: its history as a graph, and of the version chosen the files, statistics, changes and lineage.
import "./dataset.css";
import { useResource } from "../../kit/api";
import { Head, Loading, usePage } from "../../kit/page";
import { Ago, Copy, Empty, Failed, Panel, Tabs, Tag } from "../../kit/parts";
import { setQuery, useQuery } from "../../kit/router";
import { Glyph } from "../../kit/glyphs";
import { lineageOf } from "../../links";
import { History } from "../../nouns/history";
import { Profile, tablesOf } from "../../nouns/profile";
import { MadeFrom, pageOfDatums } from "../../nouns/datums";
import { archiveUrl, FileTree } from "../../nouns/tree";
import { filesAndSize, Refs } from "../../nouns/versions";
import { Walk } from "../../nouns/walk";
import type { DataDetail, DataVersion } from "../../wire";
import { About } from "./about";
import { Changes } from "./changes";
import { Names } from "./names";

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
  const { versions, refs, runs, uses, total } = data.data;
  const shown = version.data?.detail.version;
  const datums = typeof shown?.metadata.datums === "string" ? shown.metadata.datums : "";
  const link = (n: number) => `${base}?version=${n}${tab !== "history" ? `&tab=${tab}` : ""}`;
  const tabs = [
    { id: "history", title: "History", count: total }, { id: "files", title: "Files", count: shown?.files },
    { id: "profile", title: "Statistics" }, { id: "changes", title: "Changes" }, { id: "names", title: "Branches and tags", count: refs.length }, { id: "lineage", title: "Lineage" },
  ];
  const choose = (to: string) => {
    setTab(to);
    if (to !== tab) setQuery({ path: null, key: null });
  };
  return (
    <>
      <Head title={name} badge={shown ? <span class="row"><span class="tag"><b>v{shown.number}</b></span><Refs names={shown.refs} /></span> : null} actions={
        <>
          <select class="input" aria-label="Version" value={number} onChange={(event) => setQuery({ version: event.currentTarget.value, path: null }, { push: true })}>
            {versions.map((one) => <option key={one.id} value={one.number}>v{one.number}{one.refs.length ? ` (${one.refs.join(", ")})` : ""}</option>)}
          </select>
          {shown ? <a class="button" href={archiveUrl(shown.id)} download title={`All files of v${shown.number} as one ZIP file`}><Glyph name="download" size={14} />Download</a> : null}
          {datums ? <a class="button" href={pageOfDatums(name)} title="What became of each file that the incremental pipeline reads"><Glyph name="pipeline" size={14} />Datums</a> : null}
          {shown ? <a class="button hide-narrow" href={lineageOf(shown.address)}><Glyph name="lineage" size={14} />Lineage</a> : null}
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
      <Tabs label="About this dataset" tabs={tabs} now={tab} set={choose} />
      <Panel id={tab}>
        {version.problem ? <Failed problem={version.problem} /> : null}
        <div class={version.stale ? "stale" : ""}>
          {tab === "history" ? (
            <div class="withside">
              <div>
                <History label={`Versions of ${name}`} versions={versions} runs={runs} uses={uses} current={shown?.id} link={(one) => link(one.number)} />
                {total > versions.length ? <p class="tablenote">The newest {versions.length.toLocaleString("en-US")} of {total.toLocaleString("en-US")} versions.</p> : null}
              </div>
              {version.data ? <About of={version.data} versions={versions} name={name} /> : null}
            </div>
          ) : null}
          {tab === "files" && datums && path ? <MadeFrom name={name} state={datums} path={path} /> : null}
          {tab === "files" && shown ? <FileTree key={shown.id} version={shown.id} path={path} setPath={(to) => setPath(to)} /> : null}
          {tab === "profile" ? (tablesOf(version.data?.profile).length ? <Profile of={version.data!.profile} /> : version.data ? <Empty title="No statistics of this version">They are made when a version with CSV or Parquet files is committed, in one pass, and merge with those of the versions before.</Empty> : null) : null}
          {tab === "changes" && number ? <Changes base={base} number={number} before={version.data?.detail.parents[0]?.number} versions={versions} /> : null}
          {tab === "names" ? <Names data={data.data} link={link} /> : null}
          {tab === "lineage" && shown ? <Walk address={shown.address} /> : null}
        </div>
      </Panel>
    </>
  );
}
