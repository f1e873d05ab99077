// How the columns of a table go together: a heat map where they are few, the strongest pairs where they are many.
import { number } from "../kit/format";
import { Section } from "../kit/page";
import { useQuery } from "../kit/router";
import { Table, type Column } from "../kit/table";
import "./together.css";

/** As the profiles' own record is written: row i of a matrix is of column i with those before it. */
export interface Correlations {
  numbers?: string[];
  pearson?: (number | null)[][];
  spearman?: (number | null)[][];
  sampled?: number;
  categories?: string[];
  cramers_v?: (number | null)[][];
  left_out?: number;
}

interface Pair { id: string; first: string; second: string; value: number }

const DRAWN = 24;
const TOLD = 12; // with so few the numbers themselves are written in
const LISTED = 20;
const METHODS = [["pearson", "Pearson"], ["spearman", "Spearman"], ["cramers_v", "Cramér's V"]] as const;
const PAIRS: Column<Pair>[] = [
  { key: "first", title: "Column", width: 200, cell: (pair) => <span title={pair.first}>{pair.first}</span> },
  { key: "second", title: "With", width: 200, cell: (pair) => <span title={pair.second}>{pair.second}</span> },
  { key: "value", title: "Correlation", width: 110, numeric: true, cell: (pair) => number(pair.value) },
];

export function Together({ of }: { of: Correlations }) {
  const [wanted, setWanted] = useQuery("together");
  const methods = METHODS.filter(([key]) => (of[key]?.length ?? 0) > 1);
  const method = methods.find(([key]) => key === wanted) ?? methods[0];
  if (!method) return null;
  const names = (method[0] === "cramers_v" ? of.categories : of.numbers) ?? [];
  const matrix = of[method[0]] ?? [];
  const tools = methods.length > 1 ? (
    <select class="input" aria-label="Which correlation" value={method[0]} onChange={(event) => setWanted(event.currentTarget.value)}>
      {methods.map(([key, title]) => <option key={key} value={key}>{title}</option>)}
    </select>
  ) : <span class="soft">{method[1]}</span>;
  const about = [
    method[0] === "spearman" && of.sampled ? `of ${of.sampled.toLocaleString("en-US")} rows drawn evenly` : "",
    of.left_out && method[0] !== "cramers_v" ? `the first ${names.length} columns of numbers; ${of.left_out.toLocaleString("en-US")} more are left out` : "",
  ].filter(Boolean).join("; ");
  return (
    <Section title="Correlations" tools={tools}>
      {about ? <p class="soft" style={{ marginBottom: "8px" }}>{about}</p> : null}
      {names.length <= DRAWN ? <Heat names={names} matrix={matrix} label={method[1]} /> : <Strongest names={names} matrix={matrix} />}
    </Section>
  );
}

function Heat({ names, matrix, label }: { names: string[]; matrix: (number | null)[][]; label: string }) {
  const at = (i: number, j: number): number | null => (i === j ? 1 : (i > j ? matrix[i]?.[j] : matrix[j]?.[i]) ?? null);
  return (
    <div class="heatbox" role="region" aria-label={`${label} of every two columns`} tabIndex={0}>
      <table class={`heat${names.length <= TOLD ? " told" : ""}`} aria-label={`${label} of every two columns`}>
        <thead><tr><td />{names.map((name) => <th key={name} scope="col" title={name}><span><i>{name}</i></span></th>)}</tr></thead>
        <tbody>
          {names.map((name, i) => (
            <tr key={name}>
              <th scope="row" title={name}><span class="cut">{name}</span></th>
              {names.map((other, j) => {
                const value = at(i, j);
                const says = `${name} with ${other}: ${value === null ? "none" : value.toFixed(3)}`;
                const share = value === null || i === j ? 0 : Math.round(Math.abs(value) * 45); // stronger, the numbers could not be read in the dark
                return <td key={other} title={says} class={i === j ? "self" : ""} style={share ? { background: `color-mix(in srgb, var(--series-${(value ?? 0) < 0 ? 1 : 0}) ${share}%, transparent)` } : {}}><span class={names.length <= TOLD ? "" : "away"}>{value === null ? "–" : i === j ? "" : value.toFixed(2)}</span></td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Strongest({ names, matrix }: { names: string[]; matrix: (number | null)[][] }) {
  const pairs = matrix.flatMap((row, i) => row.flatMap((value, j): Pair[] => (value === null ? [] : [{ id: `${i} ${j}`, first: names[j] ?? "", second: names[i] ?? "", value }])));
  const first = pairs.sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, LISTED);
  return (
    <>
      <p class="soft" style={{ marginBottom: "8px" }}>The strongest {first.length} of {pairs.length.toLocaleString("en-US")} pairs</p>
      <Table label="Strongest correlations" rows={first} id={(pair) => pair.id} columns={PAIRS} />
    </>
  );
}
