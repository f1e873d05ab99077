// One version of a model: what it came to, what made it, what it expects; and how to use the model.
import { useState } from "preact/hooks";
import { call } from "../../kit/api";
import { toast } from "../../kit/dialog";
import { bytes, number, when } from "../../kit/format";
import { Section } from "../../kit/page";
import { Copy, Facts, Json, Lines, Tag } from "../../kit/parts";
import { RunLink } from "../../nouns/runs";
import { Verdict } from "../../nouns/verdict";
import type { ModelVersionRow } from "../../wire";

export function About({ row }: { row: ModelVersionRow }) {
  const { version } = row;
  const tags = Object.entries(version.tags).filter(([key]) => !["blessing", "verdict", "evaluation"].includes(key));
  return (
    <div class="columns">
      <Section title={`v${version.number}`}>
        <Facts rows={[
          ["Verdict", <Verdict verdict={row.verdict} />], ["Because", row.reasons.length ? <ul>{row.reasons.map((reason, i) => <li key={i}>{reason}</li>)}</ul> : null],
          ["Evaluation", row.evaluation_id ? <a href={`/evaluations/${row.evaluation_id}`}>metrics over slices</a> : null], ["Made by", row.run ? <RunLink run={row.run} /> : null],
          ["Format", row.format], ["Size", bytes(version.size_bytes)], ["Created", when(version.created_at_ms)], ["Message", version.message], ["Description", <Words key={version.id} path={`/models/${encodeURIComponent(version.name)}`} version={version.number} text={version.description} />],
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

export function Use({ name }: { name: string }) {
  return (
    <>
      <Section title="Serve it"><Lines text={`tenfold serve model:${name}@champion`} /></Section>
      <Section title="Load it"><Lines text={`import tenfold\n\nmodel = tenfold.load_model("model:${name}@champion")\nmodel.predict(rows)`} /></Section>
      <Section title="Ask where it comes from"><Lines text={`tenfold why model:${name}@champion`} /></Section>
    </>
  );
}

/** A description that is changed where it stands: of a version, or of the whole model. */
export function Words({ path, version, text }: { path: string; version?: number; text: string }) {
  const [draft, setDraft] = useState<string | null>(null);
  const what = version === undefined ? "the model" : `v${version}`;
  const save = async (event: Event) => {
    event.preventDefault();
    try {
      await call("PATCH", path, { description: draft, ...(version === undefined ? {} : { version }) });
      setDraft(null);
    } catch (error) {
      toast((error as Error).message, "bad");
    }
  };
  if (draft === null) return <span class="row wrap">{text ? <span style={{ overflowWrap: "anywhere", whiteSpace: "pre-wrap" }}>{text}</span> : null}<button type="button" class="button bare" style={{ height: "20px" }} aria-label={`${text ? "Change" : "Describe"} ${what}`} onClick={() => setDraft(text)}>{text ? "Change" : "Describe"}</button></span>;
  return (
    <form class="row wrap" onSubmit={(event) => void save(event)} onKeyDown={(event) => event.key === "Escape" && setDraft(null)}>
      <textarea class="input" rows={2} style={{ minWidth: "240px" }} aria-label={`What ${what} is`} value={draft} onInput={(event) => setDraft(event.currentTarget.value)} autofocus />
      <button type="submit" class="button main">Save</button>
      <button type="button" class="button" onClick={() => setDraft(null)}>Cancel</button>
    </form>
  );
}
