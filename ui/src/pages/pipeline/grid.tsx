// Runs by steps: a column a run, the newest at the right; a row a step. Columns are loaded until the width is full.
import { useEffect, useMemo, useState } from "preact/hooks";
import { get, withQuery } from "../../kit/api";
import { Shape, toneOf } from "../../kit/badge";
import { count, duration } from "../../kit/format";
import { Loading } from "../../kit/page";
import { Filter } from "../../kit/filter";
import { useQuery } from "../../kit/router";
import { pageOfPipelineRun, said } from "../../nouns/pipelines";
import type { PipelineGrid } from "../../wire";

const FIRST = 25;
const MOST_ROWS = 150;

export function Grid({ name, turn }: { name: string; turn: string }) {
  const [pages, setPages] = useState<PipelineGrid[]>([]);
  const [busy, setBusy] = useState(true);
  const [find, setFind] = useQuery("q");
  const [from, setFrom] = useState(0);
  const load = async (offset: number, wanted: number, old: PipelineGrid[]) => {
    setBusy(true);
    let next: number | null = offset;
    let had = 0;
    let all = old;
    while (next !== null && had < wanted) {
      const page: PipelineGrid = await get<PipelineGrid>(withQuery(`/grids/${encodeURIComponent(name)}`, { offset: next, limit: wanted - had }));
      all = [...all, page];
      had += page.runs.length;
      next = page.next;
      setPages(all);
    }
    setBusy(false);
  };
  useEffect(() => void load(0, FIRST, []).catch(() => setBusy(false)), [name, turn]);
  const { steps, runs, cells } = useMemo(() => joined(pages), [pages]);
  const next = pages.at(-1)?.next ?? null;
  if (!pages.length) return busy ? <Loading /> : null;
  const longest = Math.max(1, ...runs.map((run) => run.duration_ms ?? 0));
  const mine = steps.filter((step) => step.toLowerCase().includes(find.toLowerCase()));
  const shown = mine.slice(from, from + MOST_ROWS);
  return (
    <>
      <div class="toolbar" style={{ padding: "0 0 8px" }}>
        <Filter value={find} set={(to) => { setFrom(0); setFind(to || null); }} label="Find a step" />
        {next !== null ? <button type="button" class="button" disabled={busy} onClick={() => void load(next, FIRST, pages)}>Older runs</button> : null}
        {mine.length > MOST_ROWS ? <span class="row soft"><button type="button" class="button bare" disabled={!from} onClick={() => setFrom(Math.max(0, from - MOST_ROWS))}>Before</button>{from + 1}–{Math.min(mine.length, from + MOST_ROWS)} of {count(mine.length, "step")}<button type="button" class="button bare" disabled={from + MOST_ROWS >= mine.length} onClick={() => setFrom(from + MOST_ROWS)}>Next</button></span> : null}
      </div>
      <div class="tablebox" tabIndex={0} role="region" aria-label={`Runs of ${name} by steps`} style={{ maxHeight: "calc(100dvh - 220px)" }}>
        <table class="rungrid" aria-label={`Runs of ${name} by steps`}>
          <thead><tr><th class="step" scope="col">Step</th>{runs.map((run) => <th key={run.id} scope="col" class={`cell runhead s-${toneOf(run.state)}`}><a class="plain" href={pageOfPipelineRun(run.id)} title={said(run)} aria-label={`Run, ${said(run)}`}><i style={{ height: `${Math.round(3 + 36 * ((run.duration_ms ?? 0) / longest))}px` }} /><svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true"><Shape state={run.state} /></svg></a></th>)}</tr></thead>
          <tbody>
            {shown.map((step) => {
              const row = cells.get(step)!;
              return (
                <tr key={step}>
                  <th class="step" scope="row" title={step}>{step}</th>
                  {runs.map((run, n) => {
                    const cell = row[n];
                    if (!cell) return <td key={run.id} class="cell" />;
                    const [state, took, items, failed] = cell;
                    const says = [step, state, duration(took), items ? `${count(items, "item")}${failed ? `, ${failed} failed` : ""}` : ""].filter(Boolean).join(" · ");
                    return <td key={run.id} class={`cell s-${toneOf(state)}`}><a class="plain" href={`${pageOfPipelineRun(run.id)}?step=${encodeURIComponent(step)}`} title={says} aria-label={says}><svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true"><Shape state={state} /></svg></a></td>;
                  })}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** Pages as one: runs from old to new; a step's cells by run. Steps of newer runs come first. */
function joined(pages: PipelineGrid[]) {
  const steps = [...new Set(pages.flatMap((page) => page.steps))];
  const runs = pages.flatMap((page) => page.runs);
  const cells = new Map(steps.map((step) => [step, [] as PipelineGrid["cells"][number]]));
  for (const page of pages) {
    const at = new Map(page.steps.map((step, n) => [step, n]));
    for (const run of page.cells) for (const step of steps) cells.get(step)!.push(at.has(step) ? run[at.get(step)!]! : null);
  }
  for (const row of cells.values()) row.reverse();
  return { steps, runs: [...runs].reverse(), cells };
}
