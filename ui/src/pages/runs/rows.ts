// The rows of the runs table: the pages in sight are read, and of what changes only the rows that did.
import { useEffect, useRef, useState } from "preact/hooks";
import { get, Problem } from "../../kit/api";
import { follow } from "../../kit/live";
import type { RunPage, RunRow } from "../../wire";

const SIZE = 100;
const AT_ONCE = 100;

export interface Rows {
  rows: (RunRow | undefined)[];
  /** -1: not known yet. */
  total: number;
  /** There may be more than `total`. */
  atLeast: boolean;
  problem: Problem | null;
  loading: boolean;
  stale: boolean;
  seen: (first: number, last: number) => void;
  reload: () => void;
}

interface State {
  query: string | null;
  rows: (RunRow | undefined)[];
  total: number;
  atLeast: boolean;
  problem: Problem | null;
  loading: boolean;
}

/** All runs a query matches. `columns` is the part of it that says which fields to send; `settled` is false when a change of a run can change which rows there are or their order. */
export function useRows(query: string | null, columns: string, project: string, settled: boolean): Rows {
  const [state, setState] = useState<State>({ query: "", rows: [], total: -1, atLeast: false, problem: null, loading: true });
  const pages = useRef(new Set<number>());
  const sight = useRef<[number, number]>([0, 40]);
  const [turn, setTurn] = useState(0);
  const latest = useRef(query); // an answer to an older search is thrown away
  latest.current = query;
  const held = useRef(state);
  held.current = state;

  const read = async (page: number, signal?: AbortSignal) => {
    pages.current.add(page);
    try {
      const answer = await get<RunPage>(`/runs?${query}&offset=${page * SIZE}&limit=${SIZE}`, signal);
      if (latest.current !== query) return;
      setState((old) => {
        const same = old.query === query;
        // where the count stopped early there is always one more page below the last one read, until there is none
        const length = answer.at_least ? Math.max(answer.total, same ? old.rows.length : 0, page * SIZE + answer.items.length + (answer.next === null ? 0 : SIZE)) : answer.total;
        const rows = same && old.rows.length === length ? [...old.rows] : Array.from({ length }, (_, i) => (same ? old.rows[i] : undefined));
        answer.items.forEach((row, i) => (rows[page * SIZE + i] = row));
        return { query, rows, total: answer.total, atLeast: answer.at_least, problem: null, loading: false };
      });
    } catch (error) {
      pages.current.delete(page);
      if ((error as Error).name !== "AbortError" && latest.current === query) setState((old) => ({ ...old, problem: error as Problem, loading: false }));
    }
  };
  useEffect(() => {
    if (query === null) return;
    const stop = new AbortController();
    pages.current.clear();
    setState((old) => ({ ...old, loading: true }));
    const [first, last] = [Math.floor(sight.current[0] / SIZE), Math.floor(sight.current[1] / SIZE)];
    for (let page = first; page <= last; page++) void read(page, stop.signal);
    return () => stop.abort();
  }, [query, turn]);

  useEffect(() => {
    const changed = new Set<string>();
    let anew = false;
    let timer = 0;
    let anewAt = 0;
    const again = async () => {
      timer = 0;
      const ids = [...changed];
      changed.clear();
      const wait = anewAt + (settled ? 800 : 3000) - Date.now();
      if (anew && wait <= 0) {
        anew = false;
        anewAt = Date.now();
        return setTurn((n) => n + 1);
      }
      if (anew && !timer) timer = window.setTimeout(() => void again(), Math.max(200, wait));
      if (!ids.length) return;
      try {
        const q = `id in (${ids.map((id) => `'${id}'`).join()})`;
        const answer = await get<RunPage>(`/runs?${new URLSearchParams({ q, columns, limit: String(AT_ONCE) })}`);
        const fresh = new Map(answer.items.map((row) => [row.id, row]));
        setState((old) => ({ ...old, rows: old.rows.map((row) => (row && fresh.get(row.id)) ?? row) }));
      } catch {
        anew = true; // the next event reads all that is in sight
      }
    };
    const stop = follow((event) => {
      if (event.topic !== "run" && event.topic !== "series" && event.topic !== "*") return;
      if (event.topic !== "*" && project && event.project && event.project !== project) return;
      const [first, last] = sight.current;
      const shown = held.current.rows.slice(Math.max(0, first - 20), last + 20).some((row) => row?.id === event.id);
      if (event.topic === "*" || (event.topic === "run" && !shown)) anew = true;
      else if (shown && changed.size < AT_ONCE) changed.add(event.id);
      if (!settled && (shown || event.topic === "run")) anew = true;
      if ((anew || changed.size) && !timer) timer = window.setTimeout(() => void again(), 800);
    });
    return () => {
      stop();
      window.clearTimeout(timer);
    };
  }, [columns, project, settled]);
  return {
    ...state,
    stale: state.query !== query && state.total >= 0 && !state.problem, // with a fault said, nothing newer is on its way
    seen: (first, last) => {
      sight.current = [first, last];
      if (state.query !== query) return;
      for (let page = Math.floor(first / SIZE); page <= Math.floor(last / SIZE); page++) if (!pages.current.has(page) && page * SIZE < state.rows.length) void read(page);
    },
    reload: () => setTurn((n) => n + 1),
  };
}
