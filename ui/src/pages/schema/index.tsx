// One schema under review: its columns, what the newest checks found, its versions and its text. Each change is a new version.
import { useState } from "preact/hooks";
import { call, useResource, withQuery } from "../../kit/api";
import { Badge } from "../../kit/badge";
import { toast } from "../../kit/dialog";
import { count } from "../../kit/format";
import { Head, Loading, usePage } from "../../kit/page";
import { Ago, Copy, Failed, Panel, Tabs } from "../../kit/parts";
import { setQuery, useQuery } from "../../kit/router";
import { Table } from "../../kit/table";
import type { Change, SchemaDetail } from "../../wire";
import { Anomalies } from "./anomalies";
import { Columns } from "./columns";

export interface Edit {
  changes?: Change[];
  remove?: string[];
  message: string;
}

export default function Schema({ name }: { name: string }) {
  const base = `/schemas/${encodeURIComponent(name)}`;
  const [version] = useQuery("version");
  const schema = useResource<SchemaDetail>(withQuery(base, { version }), (event) => event.topic === "version" || event.topic === "run");
  const [tab, setTab] = useQuery("tab", "columns");
  const [busy, setBusy] = useState(false);
  usePage({ title: "Schemas", href: "/schemas" }, { title: name });
  if (!schema.data) return schema.problem ? <Failed problem={schema.problem} again={schema.reload} /> : <Loading />;
  const one = schema.data;
  const newest = one.checks[0];
  const editable = one.version === one.newest && !busy;
  const edit = async ({ changes = [], remove = [], message }: Edit): Promise<void> => {
    setBusy(true);
    try {
      const after = await call<SchemaDetail>("POST", `${base}/changes`, { expect: one.version, changes, remove, message });
      toast(`${message}: kept as version ${after.version}`);
      schema.reload();
    } catch (error) {
      toast((error as Error).message, "bad");
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Head title={name} badge={newest ? <Badge tint state={newest.count ? "warning" : "ok"} word={newest.count ? count(newest.count, "anomaly", "anomalies") : "as it should be"} /> : undefined} actions={
        <select class="input" aria-label="Version" value={one.version} onChange={(event) => setQuery({ version: event.currentTarget.value === String(one.newest) ? null : event.currentTarget.value }, { push: true })}>
          {one.versions.map((kept) => <option key={kept.version} value={kept.version}>version {kept.version}{kept.version === one.newest ? ", the newest" : ""}</option>)}
        </select>
      }>
        <span>{count(one.columns.length, "column")}</span>
        {one.environments.length ? <span>environments: {one.environments.join(", ")}</span> : null}
        {one.table.map((line) => <code key={line}>{line}</code>)}
        {newest ? <span>checked <Ago at={newest.at_ms} /></span> : <span>not checked yet</span>}
        {one.version !== one.newest ? <span>an earlier version: only the newest can be changed</span> : null}
      </Head>
      <Tabs label="About this schema" now={tab} set={(to) => setTab(to)} tabs={[{ id: "columns", title: "Columns", count: one.columns.length }, { id: "anomalies", title: "Anomalies", count: newest?.count ?? 0 }, { id: "versions", title: "Versions", count: one.versions.length }, { id: "text", title: "YAML" }]} />
      <Panel id={tab}>
        {tab === "columns" ? <Columns schema={one} editable={editable} edit={edit} /> : null}
        {tab === "anomalies" ? <Anomalies schema={one} editable={editable} edit={edit} /> : null}
        {tab === "versions" ? (
          <Table label="Versions" rows={one.versions} id={(kept) => String(kept.version)} current={String(one.version)} columns={[
            { key: "version", title: "Version", width: 90, cell: (kept) => <a href={`${base}?version=${kept.version}`}>v{kept.version}</a> },
            { key: "message", title: "Change", width: 560, cell: (kept) => <span title={kept.message}>{kept.message}</span> },
            { key: "by", title: "By", width: 130, cell: (kept) => kept.author },
            { key: "saved", title: "Saved", width: 120, cell: (kept) => <Ago at={kept.saved_at_ms} /> },
          ]} />
        ) : null}
        {tab === "text" ? <><p class="row"><span class="soft grow">Edit it as a file: <code>tenfold schema show {one.address} &gt; schema.yaml</code>, then <code>tenfold schema save {name} schema.yaml</code></span><Copy text={one.text} /></p><pre class="code">{one.text}</pre></> : null}
      </Panel>
    </>
  );
}
