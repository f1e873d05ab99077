// One report: read with its panels live, or written beside its preview; earlier versions; taken away as one file.
import { useState } from "preact/hooks";
import { call, useResource, withQuery } from "../../kit/api";
import { toast } from "../../kit/dialog";
import { when } from "../../kit/format";
import { Glyph } from "../../kit/glyphs";
import { Head, Loading, usePage } from "../../kit/page";
import { Ago, Copy, Failed, Pop } from "../../kit/parts";
import { go, setQuery, useQuery } from "../../kit/router";
import { Block } from "../../nouns/panel";
import type { ReportDetail } from "../../wire";
import { Write } from "./write";
import "./report.css";

export default function Report({ name }: { name: string }) {
  const [version] = useQuery("version");
  const [editing] = useQuery("edit"); // "new": there is none yet
  const path = `/reports/${encodeURIComponent(name)}`;
  const report = useResource<ReportDetail>(editing === "new" ? null : withQuery(path, { version }), (event) => event.topic === "version" || event.topic === "run");
  const [busy, setBusy] = useState(false);
  const found = report.data;
  usePage({ title: "Reports", href: "/reports" }, { title: found?.report.title ?? name });
  if (editing === "new") return <Write key={name} name={name} text={`# ${name}\n\n`} expect={0} />;
  if (editing && found) return <Write key={name} name={name} text={found.text} expect={found.versions[0]?.version ?? 0} />;
  if (!found) return report.problem ? <Failed problem={report.problem} again={report.reload} /> : <Loading />;
  const newest = found.versions[0]?.version ?? found.report.version;
  const old = found.report.version !== newest;
  const remove = async () => {
    setBusy(true);
    try {
      await call("DELETE", path);
      toast("Moved to the bin. Restore it with: tenfold reports restore " + name);
      go("/reports");
    } catch (error) {
      toast((error as Error).message, "bad");
      setBusy(false);
    }
  };
  const bringBack = async () => {
    try {
      await call("PUT", path, { text: found.text, expect: newest, message: `Back to version ${found.report.version}` });
      setQuery({ version: null });
    } catch (error) {
      toast((error as Error).message, "bad");
    }
  };
  return (
    <>
      <Head title={found.report.title} badge={old ? <span class="tag">version {found.report.version} of {newest}</span> : null} actions={
        <>
          {old ? <button type="button" class="button" onClick={() => void bringBack()}>Make this the newest</button> : <a class="button" href={`${path}?edit=1`}><Glyph name="pencil" size={14} />Edit</a>}
          <a class="button" href={withQuery(`/api/v1${path}/export`, { version })} download><Glyph name="download" size={14} />Save as HTML</a>
          <Pop label="More" glyph="more" bare>
            {(close) => (
              <>
                <div class="group">Versions</div>
                {found.versions.slice(0, 20).map((one) => <button key={one.version} type="button" class="choice" aria-current={one.version === found.report.version} onClick={() => { close(); setQuery({ version: one.version === newest ? null : String(one.version) }, { push: true }); }}><span>v{one.version}</span><span class="faint cut">{one.message || when(one.saved_at_ms)}</span></button>)}
                <div class="group">This report</div>
                <button type="button" class="choice" disabled={busy} onClick={() => { close(); void remove(); }}>Move to the bin</button>
              </>
            )}
          </Pop>
        </>
      }>
        <span>saved <Ago at={found.report.saved_at_ms} />{found.report.author ? ` by ${found.report.author}` : ""}</span>
        <span class="row" style={{ gap: "2px" }}><code class="faint">{found.address}</code><Copy text={found.address} label="Copy the address" /></span>
      </Head>
      <article class={`body report${report.stale ? " stale" : ""}`}>{found.blocks.map((block, i) => <Block key={i} block={block} />)}</article>
    </>
  );
}
