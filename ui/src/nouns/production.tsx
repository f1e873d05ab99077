// What was in production on a day: what each alias named, what each deployment served.
import { useResource, withQuery } from "../kit/api";
import { percent, when } from "../kit/format";
import { Loading, Section } from "../kit/page";
import { Failed } from "../kit/parts";
import { useQuery } from "../kit/router";
import { Table } from "../kit/table";
import type { Production } from "../wire";

const today = () => new Date().toISOString().slice(0, 10);

export function InProduction({ model }: { model?: string }) {
  const [at, setAt] = useQuery("at", today());
  const found = useResource<Production>(at ? withQuery("/production", { at, model }) : null, (event) => event.topic === "ref");
  const link = (name: string, version: number | null) => (version ? <a href={`/models/${encodeURIComponent(name)}?version=${version}`}>v{version}</a> : "?");
  return (
    <>
      <label class="row" style={{ marginBottom: "8px" }}>In production on<input class="input" type="date" value={at} max={today()} onInput={(event) => setAt(event.currentTarget.value)} /><span class="faint">all of that day, UTC</span></label>
      {!found.data ? (found.problem ? <Failed problem={found.problem} again={found.reload} /> : <Loading />) : !found.data.aliases.length && !found.data.deployments.length ? <p class="soft">No alias named a version that day, and nothing was served.</p> : (
        <>
          <Section title="Aliases and stages">
            <Table label="Aliases and stages" stale={found.stale} rows={found.data.aliases} id={(one) => `${one.model}@${one.alias} ${one.from_ms}`} columns={[
              ...(model ? [] : [{ key: "model", title: "Model", width: 180, cell: (one: Production["aliases"][number]) => one.model }]),
              { key: "alias", title: "Alias", width: 120, cell: (one) => <span class="tag act">{one.alias}</span> },
              { key: "version", title: "Version", width: 130, cell: (one) => <span class="row">{link(one.model, one.version)}{one.fate ? <span class="faint">{one.fate}</span> : null}</span> },
              { key: "from", title: "From", width: 196, cell: (one) => when(one.from_ms) },
              { key: "until", title: "Until", width: 196, cell: (one) => (one.until_ms ? when(one.until_ms) : "still") },
              { key: "who", title: "By", width: 110, cell: (one) => one.who },
              { key: "why", title: "Why", cell: (one) => <span title={one.why}>{one.why}</span> },
            ]} />
          </Section>
          {found.data.deployments.length ? (
            <Section title="Deployments">
              <Table label="Deployments" stale={found.stale} rows={found.data.deployments} id={(one) => `${one.run_id} ${one.address} ${one.from_ms}`} columns={[
                { key: "deployment", title: "Deployment", width: 180, cell: (one) => <a href={`/deployments/${one.run_id}`}>{one.deployment}</a> },
                { key: "address", title: "Serves", width: 220, cell: (one) => one.address },
                { key: "version", title: "Version", width: 90, cell: (one) => link(one.model, one.version) },
                { key: "weight", title: "Share", width: 90, numeric: true, cell: (one) => (one.is_shadow ? "shadow" : percent(one.weight, 0)) },
                { key: "from", title: "From", width: 196, cell: (one) => when(one.from_ms) },
                { key: "until", title: "Until", cell: (one) => (one.until_ms ? when(one.until_ms) : "still") },
              ]} />
            </Section>
          ) : null}
        </>
      )}
    </>
  );
}
