// Branches and tags, and every move of them: who, when, from, to, why.
import { Section } from "../../kit/page";
import { Ago } from "../../kit/parts";
import { useQuery } from "../../kit/router";
import { Table } from "../../kit/table";
import { Moves } from "../../nouns/versions";
import type { DataDetail } from "../../wire";

export function Names({ data, link }: { data: DataDetail; link: (number: number) => string }) {
  const [only, setOnly] = useQuery("ref");
  const tags = new Set(data.tags);
  const byNumber = new Map(data.versions.map((version) => [version.number, version]));
  const moves = only ? data.history.filter((move) => move.ref === only) : data.history;
  const gone = [...new Set(data.history.map((move) => move.ref))].filter((ref) => !data.refs.some((one) => one.ref === ref));
  return (
    <>
      <Table label="Branches and tags" rows={data.refs} id={(ref) => ref.ref} columns={[
        { key: "ref", title: "Name", width: 180, cell: (ref) => <a href={link(ref.number)}>{ref.ref}</a> },
        { key: "kind", title: "Kind", width: 84, cell: (ref) => (tags.has(ref.ref) ? "tag" : "branch") },
        { key: "at", title: "Version", width: 84, numeric: true, cell: (ref) => <a href={link(ref.number)}>v{ref.number}</a> },
        { key: "message", title: "Message", cell: (ref) => <span title={byNumber.get(ref.number)?.message}>{byNumber.get(ref.number)?.message}</span> },
        { key: "moved", title: "Since", width: 110, cell: (ref) => <Ago at={ref.moved_at_ms} /> },
      ]} />
      <Section title="Moves" tools={
        <select class="input" aria-label="Moves of" value={only} onChange={(event) => setOnly(event.currentTarget.value || null)}>
          <option value="">all names</option>
          {data.refs.map((ref) => <option key={ref.ref} value={ref.ref}>{ref.ref}</option>)}
          {gone.map((ref) => <option key={ref} value={ref}>{ref} (removed)</option>)}
        </select>
      }>
        {moves.length ? <Moves moves={moves} /> : <p class="soft">No name has moved.</p>}
        {data.history.length >= 200 ? <p class="tablenote">The newest {data.history.length} moves.</p> : null}
      </Section>
    </>
  );
}
