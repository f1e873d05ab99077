// Params, metrics and tags of runs side by side: what differs, and which is best.
import { Badge } from "../../kit/badge";
import { number, value } from "../../kit/format";
import { Section } from "../../kit/page";
import { useQuery } from "../../kit/router";
import { goalOf, spoken, type Compared } from "../../nouns/runset";
import { RunLink, took } from "../../nouns/runs";
import type { RunRow } from "../../wire";
import "../../nouns/spread.css";

const MOST = 60;

export function Values({ set }: { set: Compared }) {
  const [all, setAll] = useQuery("all");
  const runs = set.shown.slice(0, MOST);
  const keysOf = (read: (run: RunRow) => object): string[] => [...new Set(runs.flatMap((run) => Object.keys(read(run))))].sort();
  const block = (title: string, keys: string[], read: (run: RunRow, key: string) => string, best?: (key: string) => [string, Set<string>]) => {
    const rows = keys.map((key): [string, string[]] => [key, runs.map((run) => read(run, key))]).filter(([, cells]) => all || new Set(cells).size > 1);
    return (
      <Section title={title} key={title}>
        {rows.length ? (
          <div class="tablebox" tabIndex={0} role="region" aria-label={title}>
            <table class="table auto">
              <thead><tr><th class="lead" scope="col">Name</th>{runs.map((run) => <th key={run.id} scope="col"><span class="row"><span class="dot" style={{ background: set.pens.get(run.id)!.css }} />{set.names.get(run.id)}</span></th>)}</tr></thead>
              <tbody>
                {rows.map(([key, cells]) => {
                  const [note, marked] = best?.(key) ?? ["", new Set<string>()];
                  return <tr key={key}><td class="lead" title={key}>{key}{note ? <span class="faint"> {note}</span> : null}</td>{cells.map((cell, i) => <td key={i} title={cell} class={marked.has(runs[i]!.id) ? "best" : ""}>{cell ? <>{cell}{marked.has(runs[i]!.id) ? <span aria-label="best"> ★</span> : null}</> : <span class="faint">—</span>}</td>)}</tr>;
                })}
              </tbody>
            </table>
          </div>
        ) : <p class="soft">{keys.length ? "The same in all." : "None."}</p>}
      </Section>
    );
  };
  const best = (key: string): [string, Set<string>] => {
    const goal = goalOf(key, set.definitions[key]);
    const rule = set.definitions[key]?.summary ?? "last";
    if (!goal || runs.length < 2) return [rule === "last" ? "" : rule, new Set()];
    const known = runs.map((run) => [run.id, spoken(run.metrics[key], set.definitions[key])] as const).filter((one): one is readonly [string, number] => one[1] !== null);
    const top = known.reduce((a, [, v]) => (goal === "maximize" ? Math.max(a, v) : Math.min(a, v)), goal === "maximize" ? -Infinity : Infinity);
    return [`${goal === "maximize" ? "↑" : "↓"}${rule === "last" ? "" : ` ${rule}`}`, new Set(known.filter(([, v]) => v === top).map(([id]) => id))];
  };
  return (
    <>
      <div class="row wrap"><label class="row"><input type="checkbox" checked={all !== ""} onChange={() => setAll(all ? null : "1")} />Also what is the same in all</label>{set.shown.length > MOST ? <span class="soft">The first {MOST} of {set.shown.length} runs.</span> : null}</div>
      {block("Params", keysOf((run) => run.params), (run, key) => value(run.params[key]))}
      {block("Metrics", keysOf((run) => run.metrics).filter((key) => !key.startsWith("system/")), (run, key) => number(spoken(run.metrics[key], set.definitions[key])), best)}
      {block("Tags", keysOf((run) => run.tags), (run, key) => run.tags[key] ?? "")}
      <Section title="Runs"><ul class="lineslist">{runs.map((run) => <li key={run.id}><Badge state={run.state} /><RunLink run={run} /><span class="when">{took(run)}</span></li>)}</ul></Section>
    </>
  );
}
