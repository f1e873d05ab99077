// The lineage explorer: an address, and the walk from it to its data and to what was built on it.
import { useEffect, useState } from "preact/hooks";
import { useResource, withQuery } from "../kit/api";
import { Glyph, type GlyphName } from "../kit/glyphs";
import { Head, Section, usePage } from "../kit/page";
import { Empty, Failed } from "../kit/parts";
import { setQuery, useQuery } from "../kit/router";
import { glyphOf } from "../links";
import { Walk } from "../nouns/walk";
import type { Explanation, Reason } from "../wire";

export default function Lineage() {
  const [address] = useQuery("address");
  const [direction] = useQuery("direction", "up");
  const [view] = useQuery("view", "both");
  const [text, setText] = useState(address);
  useEffect(() => setText(address), [address]);
  usePage({ title: "Lineage", ...(address ? { href: "/lineage" } : {}) }, ...(address ? [{ title: address }] : []));
  const why = useResource<Explanation>(address ? withQuery("/why", { address }) : null);
  return (
    <>
      <Head title="Lineage">
        <span>Where a thing comes from, and what was built on it.</span>
      </Head>
      <div class="toolbar">
        <form class="filter" onSubmit={(event) => { event.preventDefault(); setQuery({ address: text.trim() }, { push: true }); }}>
          <Glyph name="lineage" size={14} />
          <input class="input code" type="text" aria-label="Address" value={text} spellcheck={false} autocomplete="off" placeholder="model:delay@champion, data:flights@main, prediction:01J…" onInput={(event) => setText(event.currentTarget.value)} />
        </form>
        <select class="input" aria-label="Direction" value={direction} onChange={(event) => setQuery({ direction: event.currentTarget.value === "up" ? null : event.currentTarget.value })}>
          <option value="up">What it was made from</option><option value="above">…and what judged it</option><option value="down">What was built on it</option><option value="both">Both ways</option>
        </select>
        <select class="input hide-narrow" aria-label="Show" value={view} onChange={(event) => setQuery({ view: event.currentTarget.value === "both" ? null : event.currentTarget.value })}>
          <option value="both">Words and graph</option><option value="graph">Graph only</option>
        </select>
      </div>
      {address ? (
        <div class={`body walkpair${view === "both" && direction !== "down" ? " two" : ""}`}>
          {view === "both" && direction !== "down" ? why.data ? (
            <Section title="In words"><Chain reasons={why.data.reasons} /></Section>
          ) : why.problem ? <Failed problem={why.problem} again={why.reload} /> : null : null}
          {why.problem && !why.data ? null : <Section title="Graph"><Walk address={address} direction={direction === "above" ? "up" : direction} descent={direction === "up"} height={480} /></Section>}
        </div>
      ) : (
        <Empty title="Begin with an address" lines={"tenfold why model:delay@champion\ntenfold impact data:flights@main"}>
          Type one above: a model, a dataset, a run, a prediction. Every page of a run, dataset or model links here too.
        </Empty>
      )}
    </>
  );
}

function Chain({ reasons }: { reasons: Reason[] }) {
  return (
    <ol class="chain">
      {reasons.map((reason, i) => {
        const kind = reason.address ? reason.address.split(":")[0]! : "";
        return (
          <li key={i}>
            <span class="faint"><Glyph name={glyphFor(kind, reason.what)} /></span>
            <span class="soft what">{reason.what}</span>
            <div class="grow">
              {reason.page ? <a href={reason.page}>{reason.says}</a> : <span>{reason.says}</span>}
              {reason.details?.length ? <ul class="faint">{reason.details.slice(0, 8).map((line, d) => <li key={d} style={{ overflowWrap: "anywhere" }}>{line}</li>)}{reason.details.length > 8 ? <li>and {reason.details.length - 8} more</li> : null}</ul> : null}
            </div>
          </li>
        );
      })}
    </ol>
  );
}

function glyphFor(kind: string, what: string): GlyphName {
  const word = what.toLowerCase();
  for (const known of ["prediction", "deployment", "model", "data", "pipeline", "code", "file"]) if (word.includes(known)) return known === "code" ? "file" : glyphOf(known);
  return kind ? glyphOf(kind) : "right";
}
