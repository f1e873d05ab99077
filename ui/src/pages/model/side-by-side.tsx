// Versions of a model side by side: only what differs, unless all is asked for.
import { useResource, withQuery } from "../../kit/api";
import { bytes, number, value as show, when } from "../../kit/format";
import { Loading } from "../../kit/page";
import { Failed } from "../../kit/parts";
import { useQuery } from "../../kit/router";
import type { Json, ModelComparison, ModelDetail } from "../../wire";

const SECTIONS: [keyof ModelComparison, string][] = [
  ["metrics", "Metrics"], ["params", "Params"], ["data", "Data"], ["signature", "Signature"], ["requirements", "Requirements"], ["facts", "Facts"], ["tags", "Tags"],
];

export function SideBySide({ base, model }: { base: string; model: ModelDetail }) {
  const latest = model.versions.slice(0, 2).map((row) => row.version.number);
  const [text, setText] = useQuery("with", latest.join(","));
  const [all, setAll] = useQuery("all");
  const there = new Set(model.versions.map((row) => String(row.version.number)));
  const numbers = text.split(",").filter((one) => there.has(one));
  const told = useResource<ModelComparison>(numbers.length ? withQuery(`${base}/compare`, { versions: numbers.join(",") }) : null, (event) => event.topic === "version");
  const toggle = (n: string) => setText(numbers.includes(n) ? numbers.filter((one) => one !== n).join(",") : [...numbers, n].join(","));
  return (
    <>
      <div class="row wrap" role="group" aria-label="Versions to put side by side" style={{ marginBottom: "8px" }}>
        {model.versions.slice(0, 20).map(({ version }) => <label key={version.id} class="row"><input type="checkbox" checked={numbers.includes(String(version.number))} onChange={() => toggle(String(version.number))} />v{version.number}</label>)}
        <label class="row soft"><input type="checkbox" checked={all === "1"} onChange={() => setAll(all === "1" ? null : "1")} />Also what is the same</label>
      </div>
      {numbers.length < 2 ? <p class="soft">Choose two versions or more.</p> : told.data ? <Beside told={told.data} all={all === "1"} stale={told.stale} /> : told.problem ? <Failed problem={told.problem} again={told.reload} /> : <Loading />}
    </>
  );
}

function Beside({ told, all, stale }: { told: ModelComparison; all: boolean; stale: boolean }) {
  const sections = SECTIONS.map(([key, title]) => [title, Object.entries(told[key] as Record<string, Json[]>).filter(([, values]) => all || key === "metrics" || values.some((one) => JSON.stringify(one) !== JSON.stringify(values[0])))] as const).filter(([, rows]) => rows.length);
  if (!sections.length) return <p class="soft">They are the same in all that is known of them.</p>;
  return (
    <div class="tablebox" role="region" aria-label="Versions side by side" tabIndex={0}>
      <table class={`table${stale ? " stale" : ""}`} aria-label="Versions side by side" style={{ minWidth: `${220 + told.addresses.length * 160}px`, tableLayout: "fixed" }}>
        <thead><tr><th scope="col" style={{ width: "220px" }}>Differs</th>{told.addresses.map((address) => <th scope="col" key={address} title={address}>{address.split("@")[1]}</th>)}</tr></thead>
        {sections.map(([title, rows]) => (
          <tbody key={title}>
            <tr><th scope="rowgroup" colSpan={told.addresses.length + 1}>{title}</th></tr>
            {rows.map(([key, values]) => <tr key={key}><th scope="row" class="cut" title={key} style={{ fontWeight: 400 }}>{NAMES[key] ?? key}</th>{values.map((one, i) => <td key={i} title={cell(key, one)}>{key === "trained by" && one ? <a href={`/runs/${String(one).slice(4)}`}>{cell(key, one)}</a> : cell(key, one)}</td>)}</tr>)}
          </tbody>
        ))}
      </table>
    </div>
  );
}

const NAMES: Record<string, string> = { created_at_ms: "created", size_bytes: "size" };

function cell(key: string, one: Json): string {
  if (one === null) return "—";
  if (key === "created_at_ms") return when(Number(one));
  if (key === "size_bytes") return bytes(Number(one));
  return typeof one === "number" ? number(one) : show(one);
}
