// One model: its versions with what they came to, its aliases and who moved them why.
import { useState } from "preact/hooks";
import { call, useResource } from "../kit/api";
import { Dialog, toast } from "../kit/dialog";
import { Files } from "../kit/files";
import { number, when } from "../kit/format";
import { Glyph } from "../kit/glyphs";
import { Head, Loading, Section, usePage } from "../kit/page";
import { Ago, Copy, Failed, Facts, Json, Lines, Panel, Tabs, Tag } from "../kit/parts";
import { useQuery } from "../kit/router";
import { Table } from "../kit/table";
import { lineageOf } from "../links";
import { RunLink } from "../nouns/runs";
import { leading, Verdict } from "../nouns/verdict";
import { filesAndSize, Moves, Refs } from "../nouns/versions";
import { Walk } from "../nouns/walk";
import type { ModelDetail, ModelVersionRow } from "../wire";

export default function Model({ name }: { name: string }) {
  const base = `/models/${encodeURIComponent(name)}`;
  const model = useResource<ModelDetail>(base, (event) => event.topic === "version" || event.topic === "ref");
  const [wanted] = useQuery("version");
  const [tab, setTab] = useQuery("tab", "versions");
  const [path, setPath] = useQuery("path");
  const [moving, setMoving] = useState<string | null>(null);
  usePage({ title: "Models", href: "/models" }, { title: name });
  if (!model.data) return model.problem ? <Failed problem={model.problem} again={model.reload} /> : <Loading />;
  const { versions, aliases, history } = model.data;
  const champion = aliases.find((ref) => ref.ref === "champion")?.number;
  const row = versions.find((one) => one.version.number === Number(wanted)) ?? versions.find((one) => one.version.number === champion) ?? versions[0];
  const keys = leading(versions);
  const link = (n: number) => `${base}?version=${n}`;
  return (
    <>
      <Head title={name} actions={
        <>
          {row ? <a class="button" href={lineageOf(row.version.address)}><Glyph name="lineage" size={14} />Lineage</a> : null}
          <button type="button" class="button main" onClick={() => setMoving("champion")}>Move an alias</button>
        </>
      }>
        {aliases.length ? aliases.map((ref) => <span key={ref.ref} class="row" style={{ gap: "6px" }}><span class="tag act">{ref.ref}</span><a href={link(ref.number)}>v{ref.number}</a><span class="faint">since <Ago at={ref.moved_at_ms} /></span></span>) : <span>No alias yet; <code>model:{name}@champion</code> will be what is served.</span>}
      </Head>
      <Tabs label="About this model" now={tab} set={(to) => setTab(to)} tabs={[{ id: "versions", title: "Versions", count: versions.length }, { id: "history", title: "Aliases", count: history.length }, { id: "files", title: "Files" }, { id: "use", title: "Use it" }, { id: "lineage", title: "Lineage" }]} />
      <Panel id={tab}>
        {tab === "versions" ? (
          <>
            <Table label={`Versions of ${name}`} rows={versions} id={(one) => one.version.id} current={row?.version.id} columns={[
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
        {tab === "history" ? (history.length ? <Moves moves={history} /> : <p class="soft">No alias has been set. Each move is kept here with who made it and why.</p>) : null}
        {tab === "files" && row ? <><p class="soft" style={{ marginBottom: "8px" }}>v{row.version.number}: {filesAndSize(row.version)}</p><Files key={row.version.id} version={row.version.id} path={path} setPath={(to) => setPath(to)} /></> : null}
        {tab === "use" ? <Use name={name} /> : null}
        {tab === "lineage" && row ? <Walk address={row.version.address} /> : null}
      </Panel>
      {moving !== null && row ? <MoveAlias base={base} model={model.data} version={row.version.number} close={() => setMoving(null)} done={model.reload} /> : null}
    </>
  );
}

function About({ row }: { row: ModelVersionRow }) {
  const { version } = row;
  const tags = Object.entries(version.tags).filter(([key]) => !["blessing", "verdict", "evaluation"].includes(key));
  return (
    <div class="columns">
      <Section title={`v${version.number}`}>
        <Facts rows={[
          ["Verdict", <Verdict verdict={row.verdict} />], ["Because", row.reasons.length ? <ul>{row.reasons.map((reason, i) => <li key={i}>{reason}</li>)}</ul> : null],
          ["Evaluation", row.evaluation_id ? <a href={`/versions/${row.evaluation_id}`}>metrics over slices</a> : null], ["Made by", row.run ? <RunLink run={row.run} /> : null],
          ["Format", row.format], ["Created", when(version.created_at_ms)], ["Message", version.message], ["Description", version.description],
          ["Address", <span class="row"><code class="cut">{version.address}</code><Copy text={version.address} label="Copy the address" /></span>],
          ["Tags", tags.length ? <span class="row wrap">{tags.map(([key, text]) => <Tag key={key} name={key} value={text} />)}</span> : null],
        ]} />
      </Section>
      <Section title="Metrics">{Object.keys(row.metrics).length ? <Facts rows={Object.entries(row.metrics).map(([key, one]) => [key, number(one)])} /> : <p class="soft">None saved with it.</p>}</Section>
      <Section title="Signature">{row.signature ? <Signature of={row.signature} /> : <p class="soft">None. Give <code>input_example=</code> when saving.</p>}</Section>
    </div>
  );
}

function Signature({ of }: { of: unknown }) {
  const sides = of as Record<string, unknown>;
  const columns = (side: unknown): { name: string; type: string }[] | null => {
    const list = Array.isArray(side) ? side : side && typeof side === "object" && Array.isArray((side as { columns?: unknown }).columns) ? (side as { columns: unknown[] }).columns : null;
    return list && list.every((one) => one && typeof one === "object" && "name" in one) ? list.map((one) => ({ name: String((one as { name: unknown }).name), type: String((one as Record<string, unknown>).type ?? (one as Record<string, unknown>).dtype ?? "") })) : null;
  };
  if (typeof of !== "object" || !of || !Object.values(sides).some(columns)) return <Json value={of} />;
  return <>{Object.entries(sides).map(([side, value]) => { const found = columns(value); return found?.length ? <div key={side}><h3>{side}</h3><Facts rows={found.map((one) => [one.name, <code class="soft">{one.type}</code>])} /></div> : null; })}</>;
}

function Use({ name }: { name: string }) {
  return (
    <>
      <Section title="Serve it"><Lines text={`tenfold serve model:${name}@champion`} /></Section>
      <Section title="Load it"><Lines text={`import tenfold\n\nmodel = tenfold.load_model("model:${name}@champion")\nmodel.predict(rows)`} /></Section>
      <Section title="Ask where it comes from"><Lines text={`tenfold why model:${name}@champion`} /></Section>
    </>
  );
}

function MoveAlias({ base, model, version, close, done }: { base: string; model: ModelDetail; version: number; close: () => void; done: () => void }) {
  const [alias, setAlias] = useState("champion");
  const [to, setTo] = useState(version);
  const [why, setWhy] = useState("");
  const [force, setForce] = useState(false);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const now = model.aliases.find((ref) => ref.ref === alias)?.number;
  const target = model.versions.find((one) => one.version.number === to);
  const guarded = alias === "champion" && target?.verdict !== "passed";
  const save = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await call("PUT", `${base}/aliases/${encodeURIComponent(alias)}`, { version: to, why, ...(now ? { expect: now } : {}), ...(force && guarded ? { force: true } : {}) });
      toast(`${alias} now names v${to}.`);
      done();
      close();
    } catch (error) {
      setProblem((error as Error).message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog title={`Move an alias of ${model.name}`} close={close}>
      <form onSubmit={(event) => void save(event)}>
        <div class="inside">
          <label class="field"><span>Alias</span><input class="input" type="text" list="aliases" required value={alias} onInput={(event) => setAlias(event.currentTarget.value.trim())} /><datalist id="aliases">{[...new Set(["champion", "challenger", ...model.aliases.map((ref) => ref.ref)])].map((one) => <option key={one} value={one} />)}</datalist>
            <small>{now ? `Names v${now} now.` : "Names nothing yet."}</small></label>
          <label class="field"><span>Version</span>
            <select class="input" value={to} onChange={(event) => setTo(Number(event.currentTarget.value))}>{model.versions.map((one) => <option key={one.version.id} value={one.version.number}>v{one.version.number}{one.verdict ? `, ${one.verdict}` : ""}{one.version.refs.length ? ` (${one.version.refs.join(", ")})` : ""}</option>)}</select>
          </label>
          <label class="field"><span>Why</span><textarea class="input" rows={2} required value={why} onInput={(event) => setWhy(event.currentTarget.value)} placeholder="Kept in the history for whoever asks later" /></label>
          {guarded ? <label class="row"><input type="checkbox" checked={force} onChange={() => setForce(!force)} />No gate has passed v{to}. Serve it all the same; the reason above says why that is right.</label> : null}
          {problem ? <p class="bad" role="alert">{problem}</p> : null}
        </div>
        <footer><button type="button" class="button" onClick={close}>Cancel</button><button type="submit" class="button main" disabled={busy || !why.trim() || !alias || to === now || (guarded && !force)}>Move</button></footer>
      </form>
    </Dialog>
  );
}
