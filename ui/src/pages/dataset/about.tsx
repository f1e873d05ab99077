// The version chosen: what it is, how the dataset grew up to it, who made and read it, what was built on it.
import { bytes, when } from "../../kit/format";
import { Glyph } from "../../kit/glyphs";
import { Section } from "../../kit/page";
import { Copy, Facts } from "../../kit/parts";
import { glyphOf, pageOfRun, pageOfVersion } from "../../links";
import type { DataVersion, VersionRow, VersionUse } from "../../wire";

export function About({ of, versions, name }: { of: DataVersion; versions: VersionRow[]; name: string }) {
  const { version, parents, uses } = of.detail;
  const made = uses.filter((use) => use.direction === "produced");
  const read = uses.filter((use) => use.direction === "used");
  return (
    <aside aria-label={`About v${version.number}`}>
      <Section title={`v${version.number}`}>
        <Facts rows={[
          ["Message", version.message], ["Description", version.description], ["Created", when(version.created_at_ms)], ["Author", version.author], ["Type", version.type],
          ["From", parents.length ? <span class="row wrap">{parents.map((one) => <a key={one.id} href={pageOfVersion(one)}>{one.name === name ? `v${one.number}` : one.address}</a>)}</span> : null],
          ["Digest", version.digest ? <span class="row"><code class="cut">{version.digest.slice(0, 16)}</code><Copy text={version.digest} label="Copy the digest" /></span> : "purged"],
          ...Object.entries(version.metadata).map(([key, text]): [string, string] => [key, typeof text === "object" ? JSON.stringify(text) : String(text)]),
        ]} />
      </Section>
      {versions.length > 2 ? <Section title="Size"><Sizes versions={versions} current={version.number} /></Section> : null}
      <Section title="Made by">{made.length ? <Runs uses={made} /> : <p class="soft">{version.author ? `${version.author}, by hand.` : "No run."}</p>}</Section>
      <Section title="Read by">{read.length ? <Runs uses={read} /> : <p class="soft">No run yet: <code>run.use("data:{name}")</code></p>}</Section>
      {of.built.length ? (
        <Section title="Built on it">
          <ul class="shortlist" aria-label="What was built on it">
            {of.built.map((one) => <li key={one.id}><span class="faint"><Glyph name={glyphOf(one.kind)} size={14} /></span><a class="cut" href={pageOfVersion(one)}>{one.name} v{one.number}</a><span class="faint">{one.kind}</span></li>)}
          </ul>
        </Section>
      ) : null}
    </aside>
  );
}

const MOST = 12;

function Runs({ uses }: { uses: VersionUse[] }) {
  return (
    <ul class="shortlist">
      {uses.slice(-MOST).reverse().map((use) => <li key={`${use.run_id}${use.role}`}><span class="faint"><Glyph name={glyphOf(use.run_kind)} size={14} /></span><a class="cut" href={pageOfRun({ id: use.run_id, kind: use.run_kind })}>{use.run_name || use.run_id.slice(-8)}</a><span class="faint">{use.run_kind}</span></li>)}
      {uses.length > MOST ? <li class="soft">and {(uses.length - MOST).toLocaleString("en-US")} more: see Lineage</li> : null}
    </ul>
  );
}

const WIDTH = 280;
const HEIGHT = 56;

/** Sizes of the versions, the oldest at the left, the one chosen marked. */
function Sizes({ versions, current }: { versions: VersionRow[]; current: number }) {
  const all = [...versions].sort((a, b) => a.number - b.number);
  const every = Math.max(1, Math.ceil(all.length / WIDTH));
  const drawn = all.filter((version, i) => i % every === 0 || i === all.length - 1 || version.number === current);
  const most = Math.max(1, ...drawn.map((version) => version.size_bytes));
  const x = (i: number) => 1 + (i / Math.max(1, drawn.length - 1)) * (WIDTH - 2);
  const y = (size: number) => HEIGHT - 4 - (size / most) * (HEIGHT - 10);
  const here = drawn.findIndex((version) => version.number === current);
  const says = `from ${bytes(all[0]!.size_bytes)} in v${all[0]!.number} to ${bytes(all.at(-1)!.size_bytes)} in v${all.at(-1)!.number}`;
  const line = drawn.map((version, i) => `${x(i).toFixed(1)},${y(version.size_bytes).toFixed(1)}`).join(" ");
  return (
    <figure class="sizes">
      <svg width="100%" height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={`Size of the versions ${says}`}>
        <polygon points={`${x(0)},${HEIGHT - 3} ${line} ${x(drawn.length - 1)},${HEIGHT - 3}`} fill="var(--series-0)" opacity="0.14" />
        <polyline points={line} fill="none" stroke="var(--series-0)" stroke-width="1.5" vector-effect="non-scaling-stroke" />
        {here >= 0 ? <line x1={x(here)} x2={x(here)} y1="0" y2={HEIGHT - 3} stroke="var(--act)" stroke-width="1.5" vector-effect="non-scaling-stroke" /> : null}
        <line x1="0" x2={WIDTH} y1={HEIGHT - 3} y2={HEIGHT - 3} stroke="var(--line-strong)" vector-effect="non-scaling-stroke" />
      </svg>
      <figcaption class="faint">{bytes(all[0]!.size_bytes)} → {bytes(all.at(-1)!.size_bytes)}</figcaption>
    </figure>
  );
}
