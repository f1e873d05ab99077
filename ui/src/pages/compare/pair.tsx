// Two of the runs in full: code, packages, machine and data, from one to the other.
import { useResource, withQuery } from "../../kit/api";
import { value } from "../../kit/format";
import { Glyph } from "../../kit/glyphs";
import { Loading, Section } from "../../kit/page";
import { Copy, Empty, Failed } from "../../kit/parts";
import { setQuery, useQuery } from "../../kit/router";
import { pageOfVersion } from "../../links";
import { Diff } from "../../nouns/diff";
import type { Compared } from "../../nouns/runset";
import type { CodeRow, DataPair, RunPair, ValuePair } from "../../wire";

export function Pair({ set }: { set: Compared }) {
  const [first] = useQuery("a");
  const [second] = useQuery("b");
  const find = (id: string, usual: number) => set.runs.find((run) => run.id === id) ?? set.runs[usual];
  const [a, b] = [find(first, 0), find(second, 1)];
  const pair = useResource<RunPair>(a && b ? withQuery("/compare/pair", { a: a.id, b: b.id }) : null);
  if (set.runs.length < 2 || !a || !b) return <Empty title="Two runs are needed">Choose another run to see what differs between the two.</Empty>;
  const select = (label: string, now: string, name: "a" | "b") => (
    <label class="row"><span class="soft">{label}</span>
      <select class="input" value={now} onChange={(event) => setQuery({ [name]: event.currentTarget.value })}>{set.runs.map((run) => <option key={run.id} value={run.id}>{set.names.get(run.id)}</option>)}</select>
    </label>
  );
  const bar = (
    <div class="toolbar lookbar">
      {select("From", a.id, "a")}
      <button type="button" class="button bare icon" aria-label="Turn round" title="Turn round" onClick={() => setQuery({ a: b.id, b: a.id })}><Glyph name="compare" size={14} /></button>
      {select("to", b.id, "b")}
    </div>
  );
  if (!pair.data) return <>{bar}{pair.problem ? <Failed problem={pair.problem} again={pair.reload} /> : <Loading />}</>;
  const names: [string, string] = [set.names.get(a.id)!, set.names.get(b.id)!];
  return (
    <div class={pair.stale ? "stale" : ""}>
      {bar}
      <Code pair={pair.data} names={names} />
      <Section title={`Packages${pair.data.packages.length ? ` (${pair.data.packages.length})` : ""}`} tools={<span class="faint">{pair.data.same_packages} are the same</span>}>
        {pair.data.packages.length ? <Sides rows={pair.data.packages} names={names} label="Packages" /> : <p class="soft">{pair.data.same_packages ? "The same packages." : "Neither run kept its packages."}</p>}
      </Section>
      <Section title="Environment and hardware">{pair.data.environment.length ? <Sides rows={pair.data.environment} names={names} label="Environment" /> : <p class="soft">The same.</p>}</Section>
      <Section title="Data">{pair.data.data.length ? <Data rows={pair.data.data} names={names} /> : <p class="soft">Neither run used data that Tenfold knows.</p>}</Section>
    </div>
  );
}

function Code({ pair, names }: { pair: RunPair; names: [string, string] }) {
  const { a, b } = pair;
  if (!a && !b) return <Section title="Code"><p class="soft">No code was captured. Runs started inside a git repository keep their commit and the uncommitted diff.</p></Section>;
  const moved = a?.commit && b?.commit && a.commit !== b.commit ? `git diff ${a.commit.slice(0, 12)} ${b.commit.slice(0, 12)}` : "";
  const facts = (code: CodeRow | null) => (code ? <><code>{code.commit?.slice(0, 12) ?? "no commit"}</code> {code.branch ? <span class="soft">{code.branch}</span> : null} <span class="faint">{code.has_patch ? "with uncommitted changes" : code.dirty ? "dirty" : ""}</span></> : <span class="faint">not captured</span>);
  return (
    <Section title="Code">
      <dl class="facts" style={{ marginBottom: "8px" }}><dt>{names[0]}</dt><dd>{facts(a)}</dd><dt>{names[1]}</dt><dd>{facts(b)}</dd></dl>
      {moved ? <p class="row wrap" style={{ marginBottom: "8px" }}><span>Different commits. What was committed between them:</span><code>{moved}</code><Copy text={moved} label="Copy the command" /></p> : null}
      {pair.note ? <p class="warn">{pair.note}</p> : null}
      {pair.patch ? <>{pair.same_base ? null : <p class="soft" style={{ marginBottom: "4px" }}>Their uncommitted changes, as patches:</p>}<Diff text={pair.patch} label="Difference of the code" /></> : <p class="soft">{moved ? "Their uncommitted changes are the same." : "The same code."}</p>}
    </Section>
  );
}

function Sides({ rows, names, label }: { rows: ValuePair[]; names: [string, string]; label: string }) {
  const cell = (of: unknown) => (of === null ? <span class="faint">—</span> : <code title={value(of)}>{value(of)}</code>);
  return (
    <div class="tablebox" tabIndex={0} role="region" aria-label={label}>
      <table class="table auto"><thead><tr><th class="lead" scope="col">Name</th><th scope="col">{names[0]}</th><th scope="col">{names[1]}</th></tr></thead>
        <tbody>{rows.map((row) => <tr key={row.name}><td class="lead" title={row.name}>{row.name}</td><td>{cell(row.a)}</td><td>{cell(row.b)}</td></tr>)}</tbody>
      </table>
    </div>
  );
}

function Data({ rows, names }: { rows: DataPair[]; names: [string, string] }) {
  const link = (of: DataPair["a"]) => (of ? <a href={pageOfVersion(of)}>v{of.number}</a> : <span class="faint">not used</span>);
  return (
    <div class="tablebox" tabIndex={0} role="region" aria-label="Data">
      <table class="table auto"><thead><tr><th class="lead" scope="col">Used</th><th scope="col">As</th><th scope="col">{names[0]}</th><th scope="col">{names[1]}</th><th scope="col">Difference</th></tr></thead>
        <tbody>{rows.map((row) => (
          <tr key={`${row.kind} ${row.name} ${row.role}`}>
            <td class="lead">{row.name} <span class="faint">{row.kind}</span></td><td>{row.role}</td><td>{link(row.a)}</td><td>{link(row.b)}</td>
            <td>{row.a && row.b ? (row.a.id === row.b.id ? <span class="soft">the same</span> : row.kind === "data" ? <a href={withQuery(`/data/${encodeURIComponent(row.name)}`, { version: row.b.number, tab: "changes", from: row.a.number })}>what changed</a> : <span class="warn">another version</span>) : ""}</td>
          </tr>
        ))}</tbody>
      </table>
    </div>
  );
}
