// One model: its versions with what they came to, its aliases and who moved them why, approvals, comparing, the bin.
import { useState } from "preact/hooks";
import { call, useResource } from "../../kit/api";
import { toast } from "../../kit/dialog";
import { Files } from "../../kit/files";
import { count, number } from "../../kit/format";
import { Glyph } from "../../kit/glyphs";
import { Head, Loading, Section, usePage } from "../../kit/page";
import { Ago, Failed, Panel, Tabs, Tag } from "../../kit/parts";
import { setQuery, useQuery } from "../../kit/router";
import { Table } from "../../kit/table";
import { lineageOf } from "../../links";
import { InProduction } from "../../nouns/production";
import { RunLink } from "../../nouns/runs";
import { leading, Verdict } from "../../nouns/verdict";
import { filesAndSize, Moves, Refs } from "../../nouns/versions";
import { Walk } from "../../nouns/walk";
import type { ModelDetail, ModelVersionRow } from "../../wire";
import { About, Use, Words } from "./about";
import { Approvals, Ask } from "./approvals";
import { Bin } from "./bin";
import { MoveAlias } from "./move";
import { SideBySide } from "./side-by-side";

export default function Model({ name }: { name: string }) {
  const base = `/models/${encodeURIComponent(name)}`;
  const model = useResource<ModelDetail>(base, (event) => event.topic === "version" || event.topic === "ref");
  const [wanted] = useQuery("version");
  const [tab, setTab] = useQuery("tab", "versions");
  const [path, setPath] = useQuery("path");
  const [open, setOpen] = useState<"move" | "ask" | null>(null);
  const [chosen, setChosen] = useState(new Set<string>());
  usePage({ title: "Models", href: "/models" }, { title: name });
  if (!model.data) return model.problem ? <Failed problem={model.problem} again={model.reload} /> : <Loading />;
  const { versions, aliases, history, binned } = model.data;
  const champion = aliases.find((ref) => ref.ref === "champion")?.number;
  const row = versions.find((one) => one.version.number === Number(wanted)) ?? versions.find((one) => one.version.number === champion) ?? versions[0];
  const keys = leading(versions);
  const waiting = model.data.requests.filter((one) => one.state === "open").length;
  const numbers = versions.filter((one) => chosen.has(one.version.id)).map((one) => one.version.number);
  const compare = () => numbers.length > 1 && setQuery({ tab: "compare", with: [...numbers].sort((a, b) => a - b).join(",") }, { push: true });
  const remove = async () => {
    try {
      await call("POST", `${base}/bin`, { action: "delete", numbers });
      toast(`${count(numbers.length, "version")} in the bin.`);
    } catch (error) {
      toast((error as Error).message, "bad");
    }
    setChosen(new Set());
    model.reload();
  };
  const link = (n: number) => `${base}?version=${n}`;
  return (
    <>
      <Head title={name} actions={
        <>
          {row ? <a class="button" href={lineageOf(row.version.address)}><Glyph name="lineage" size={14} />Lineage</a> : null}
          <button type="button" class="button main" onClick={() => setOpen("move")}>Move an alias</button>
        </>
      }>
        {aliases.length ? aliases.map((ref) => <span key={ref.ref} class="row" style={{ gap: "6px" }}><span class="tag act">{ref.ref}</span><a href={link(ref.number)}>v{ref.number}</a><span class="faint">since <Ago at={ref.moved_at_ms} /></span></span>) : <span>No alias yet; <code>model:{name}@champion</code> will be what is served.</span>}
        <Words path={base} text={model.data.description} />
        {Object.entries(model.data.tags).map(([key, text]) => <Tag key={key} name={key} value={text} />)}
      </Head>
      <Tabs label="About this model" now={tab} set={(to) => setTab(to)} tabs={[{ id: "versions", title: "Versions", count: versions.length }, { id: "compare", title: "Compare" }, { id: "history", title: "Aliases", count: history.length }, { id: "approvals", title: "Approvals", count: waiting || undefined }, { id: "files", title: "Files" }, { id: "use", title: "Use it" }, { id: "lineage", title: "Lineage" }, { id: "bin", title: "Bin", count: binned.length || undefined }]} />
      <Panel id={tab}>
        {tab === "versions" ? (
          <>
            {numbers.length ? (
              <div class="row wrap" style={{ marginBottom: "8px" }}>
                <button type="button" class="button" disabled={numbers.length < 2} onClick={compare}>Compare {numbers.length}</button>
                <button type="button" class="button" onClick={() => void remove()}>Delete</button>
              </div>
            ) : null}
            <Table label={`Versions of ${name}`} rows={versions} id={(one) => one.version.id} current={row?.version.id} chosen={chosen} setChosen={setChosen} compare={compare} columns={[
              { key: "number", title: "Version", width: 200, cell: (one) => <span class="row"><a href={link(one.version.number)}>v{one.version.number}</a><Refs names={one.version.refs} /></span> },
              { key: "verdict", title: "Verdict", width: 110, cell: (one) => <Verdict verdict={one.verdict} /> },
              ...keys.map((key) => ({ key, title: key, width: Math.max(88, key.length * 7 + 30), numeric: true, cell: (one: ModelVersionRow) => number(one.metrics[key]) })),
              { key: "run", title: "Run", width: 160, cell: (one) => (one.run ? <RunLink run={one.run} /> : "") },
              { key: "message", title: "Message", cell: (one) => <span title={one.version.message}>{one.version.message}</span> },
              { key: "created", title: "Created", width: 104, cell: (one) => <Ago at={one.version.created_at_ms} /> },
            ]} />
            {row ? <About row={row} /> : null}
          </>
        ) : null}
        {tab === "compare" ? <SideBySide base={base} model={model.data} /> : null}
        {tab === "history" ? (history.length ? <><InProduction model={name} /><Section title="Moves"><Moves moves={history} /></Section></> : <p class="soft">No alias has been set. Each move is kept here with who made it and why.</p>) : null}
        {tab === "approvals" ? <Approvals base={base} model={model.data} ask={() => setOpen("ask")} done={model.reload} /> : null}
        {tab === "bin" ? <Bin base={base} binned={binned} done={model.reload} /> : null}
        {tab === "files" && row ? <><p class="soft" style={{ marginBottom: "8px" }}>v{row.version.number}: {filesAndSize(row.version)}</p><Files key={row.version.id} version={row.version.id} path={path} setPath={(to) => setPath(to)} /></> : null}
        {tab === "use" ? <Use name={name} /> : null}
        {tab === "lineage" && row ? <Walk address={row.version.address} /> : null}
      </Panel>
      {open === "move" && row ? <MoveAlias base={base} model={model.data} version={row.version.number} close={() => setOpen(null)} done={model.reload} ask={() => setOpen("ask")} /> : null}
      {open === "ask" && row ? <Ask base={base} model={model.data} version={row.version.number} close={() => setOpen(null)} done={model.reload} /> : null}
    </>
  );
}
