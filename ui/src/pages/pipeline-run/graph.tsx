// The steps as a graph. Of many, chains of steps in one state are one node; of very many, those around the chosen one.
import { useMemo } from "preact/hooks";
import { duration, now } from "../../kit/format";
import { Graph, type GraphEdge, type GraphNode } from "../../kit/graph";
import { inOrder } from "../../nouns/pipelines";
import type { PipelineRunSteps } from "../../wire";

const WHOLE = 60;
const MOST = 90;

export function StepGraph({ of, chosen, choose }: { of: PipelineRunSteps; chosen: string; choose: (key: string) => void }) {
  const step = chosen.replace(/\[\d+\]$/, "");
  const drawn = useMemo(() => drawing(of, step), [of, step]);
  const here = drawn.home.get(step);
  return (
    <>
      <Graph label={`Steps of ${of.run.name}`} nodes={drawn.nodes} edges={drawn.edges} chosen={here} choose={(id) => choose(id)} height={Math.min(460, 140 + drawn.nodes.length * 24)} />
      {drawn.note ? <p class="soft" style={{ marginTop: "6px" }} role="note">{drawn.note} The timeline lists each.</p> : null}
    </>
  );
}

interface Drawing {
  nodes: GraphNode[];
  edges: GraphEdge[];
  /** The node that a step is drawn in. */
  home: Map<string, string>;
  note: string;
}

function drawing(of: PipelineRunSteps, chosen: string): Drawing {
  const { keys, states } = of.steps;
  const before: number[][] = keys.map(() => []);
  const after: number[][] = keys.map(() => []);
  for (const [a, b] of of.edges) {
    if (!after[a]!.includes(b)) {
      after[a]!.push(b);
      before[b]!.push(a);
    }
  }
  const at = keys.indexOf(chosen);
  const chain = keys.map((_, n) => n);
  if (keys.length > WHOLE) {
    const joins = (n: number) => n !== at && before[n]!.length === 1 && after[before[n]![0]!]!.length === 1 && before[n]![0] !== at && states[n] === states[before[n]![0]!] && !(keys[n]! in of.items) && !(keys[before[n]![0]!]! in of.items);
    for (const n of inTurn(before, after)) if (joins(n)) chain[n] = chain[before[n]![0]!]!;
  }
  const members = new Map<number, number[]>();
  chain.forEach((head, n) => members.set(head, [...(members.get(head) ?? []), n]));
  let heads = [...members.keys()];
  let note = heads.length < keys.length ? `${keys.length.toLocaleString("en-US")} steps; those that follow one another in one state are drawn as one.` : "";
  if (heads.length > MOST) {
    const middle = at >= 0 ? chain[at]! : heads.find((n) => states[n] === "failed") ?? heads.find((n) => states[n] === "running") ?? heads[0]!;
    const near = around(middle, members, chain, before, after);
    note = `${near.size} of ${heads.length.toLocaleString("en-US")} steps are drawn, around ${keys[middle]}.`;
    heads = heads.filter((n) => near.has(n));
  }
  const shown = new Set(heads);
  const home = new Map(keys.map((key, n) => [key, keys[chain[n]!]!]));
  const nodes = heads.map((n) => nodeOf(of, n, members.get(n)!));
  const edges = new Map<string, GraphEdge>();
  for (const [a, b, label] of of.edges) {
    const [from, to] = [chain[a]!, chain[b]!];
    if (from !== to && shown.has(from) && shown.has(to)) edges.set(`${from}>${to}`, { source: keys[from]!, target: keys[to]!, label });
  }
  return { nodes, edges: [...edges.values()], home, note };
}

/** Steps in an order in which each comes after those it takes from. */
function inTurn(before: number[][], after: number[][]): number[] {
  const left = before.map((one) => one.length);
  const found = left.flatMap((n, i) => (n ? [] : [i]));
  for (let i = 0; i < found.length; i++) for (const next of after[found[i]!]!) if (--left[next]! === 0) found.push(next);
  return found;
}

function around(middle: number, members: Map<number, number[]>, chain: number[], before: number[][], after: number[][]): Set<number> {
  const found = new Set([middle]);
  const open = [middle];
  for (let i = 0; i < open.length && found.size < MOST; i++) {
    for (const n of members.get(open[i]!)!) {
      for (const next of [...before[n]!, ...after[n]!].map((one) => chain[one]!)) {
        if (found.size >= MOST) break;
        if (!found.has(next)) {
          found.add(next);
          open.push(next);
        }
      }
    }
  }
  return found;
}

function nodeOf(of: PipelineRunSteps, n: number, members: number[]): GraphNode {
  const { keys, states, start, end, attempts } = of.steps;
  const key = keys[n]!;
  const items = of.items[key];
  if (items) {
    const all = Object.values(items).reduce((a, b) => a + b, 0);
    const note = inOrder(items).slice(0, 2).map(([state, m]) => `${m.toLocaleString("en-US")} ${state}`).join(", ");
    return { id: key, name: `${key} × ${all.toLocaleString("en-US")}`, note: note || states[n]!, state: states[n] };
  }
  if (members.length > 1) return { id: key, name: `${key} … × ${members.length.toLocaleString("en-US")}`, note: `to ${keys[members.at(-1)!]}, ${states[n]}`, state: states[n] };
  const [from, until] = [start[n] ?? null, end[n] ?? null];
  const took = from === null ? null : (until ?? now.value - of.from_ms) - from;
  const parts = [states[n] === "cached" ? "found in the cache" : states[n] === "finished" || states[n] === "running" ? duration(took) : states[n]!, attempts[n]! > 1 ? `attempt ${attempts[n]}` : ""];
  return { id: key, name: key, note: parts.filter(Boolean).join(", "), state: states[n] };
}
