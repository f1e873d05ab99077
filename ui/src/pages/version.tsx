// Any artifact version that has no page of its own: its content, who made and used it.
import { useResource } from "../kit/api";
import { FileTree } from "../nouns/tree";
import { when } from "../kit/format";
import { Glyph } from "../kit/glyphs";
import { Head, Loading, Section, usePage } from "../kit/page";
import { Ago, Copy, Failed, Facts, Json, Panel, Tabs, Tag } from "../kit/parts";
import { useQuery } from "../kit/router";
import { glyphOf, lineageOf, pageOfVersion } from "../links";
import { Profile, tablesOf } from "../nouns/profile";
import { filesAndSize, Refs, Uses } from "../nouns/versions";
import { Walk } from "../nouns/walk";
import type { VersionDetail } from "../wire";

export default function Version({ id }: { id: string }) {
  const detail = useResource<VersionDetail>(`/versions/${id}`, (event) => event.topic === "version" && event.id === id);
  const [tab, setTab] = useQuery("tab", "content");
  const [path, setPath] = useQuery("path");
  const version = detail.data?.version;
  usePage({ title: version ? version.kind : "Artifacts" }, { title: version ? `${version.name} v${version.number}` : "…" });
  if (!detail.data || !version) return detail.problem ? <Failed problem={detail.problem} again={detail.reload} /> : <Loading />;
  return (
    <>
      <Head title={version.name} badge={<span class="row"><span class="tag"><b>v{version.number}</b></span><Refs names={version.refs} /></span>} actions={<a class="button" href={lineageOf(version.address)}><Glyph name="lineage" size={14} />Lineage</a>}>
        <span class="row" style={{ gap: "5px" }}><Glyph name={glyphOf(version.kind)} size={14} />{version.kind}{version.type && version.type !== version.kind ? `, ${version.type}` : ""}</span>
        <span>{filesAndSize(version)}</span>
        <span><Ago at={version.created_at_ms} /></span>
        <span class="row" style={{ gap: "2px" }}><code class="faint">{version.address}</code><Copy text={version.address} label="Copy the address" /></span>
        {Object.entries(version.tags).map(([key, text]) => <Tag key={key} name={key} value={text} />)}
      </Head>
      <Tabs label="About this version" now={tab} set={(to) => setTab(to)} tabs={[{ id: "content", title: "Content" }, { id: "about", title: "About" }, { id: "lineage", title: "Lineage" }]} />
      <Panel id={tab}>
        {tab === "content" ? (
          detail.data.inline !== null && detail.data.inline !== undefined ? (tablesOf(detail.data.inline).length ? <Profile of={detail.data.inline} /> : typeof detail.data.inline === "string" ? <div class="console"><div class="text wraps">{detail.data.inline}</div></div> : <Json value={detail.data.inline} />) : <FileTree version={version.id} path={path} setPath={(to) => setPath(to)} />
        ) : null}
        {tab === "about" ? (
          <div class="columns">
            <Section title="About"><Facts rows={[["Message", version.message], ["Description", version.description], ["Created", when(version.created_at_ms)], ["Author", version.author], ["Digest", <code>{version.digest}</code>], ["Built on", detail.data.parents.length ? detail.data.parents.map((one) => <a key={one.id} href={pageOfVersion(one)}>{one.address} </a>) : null]]} />{Object.keys(version.metadata).length ? <Json name="metadata" value={version.metadata} /> : null}</Section>
            <Section title="Runs">{detail.data.uses.length ? <Uses uses={detail.data.uses} /> : <p class="soft">No run made or used it.</p>}</Section>
          </div>
        ) : null}
        {tab === "lineage" ? <Walk address={version.address} /> : null}
      </Panel>
    </>
  );
}
