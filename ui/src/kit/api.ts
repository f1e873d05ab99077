// Talking to the server: JSON in and out, problems as errors, and resources that stay fresh by live events.
import { useEffect, useRef, useState } from "preact/hooks";
import { follow, type LiveEvent } from "./live";

export const API = "/api/v1";

/** What the server says when it will not: RFC 9457 problem details. */
export class Problem extends Error {
  status: number;
  field: string | undefined;
  /** Of a search: the character at fault. */
  position: number | undefined;
  constructor(status: number, detail: string, field?: string, position?: number) {
    super(detail);
    this.status = status;
    this.field = field;
    this.position = position;
  }
}

/** Ask the API. `path` begins after /api/v1; a body is sent as JSON. */
export async function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(API + path, {
      method,
      signal: signal ?? null,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? null : JSON.stringify(body),
    });
  } catch (error) {
    if ((error as Error).name === "AbortError") throw error;
    throw new Problem(0, "The server does not answer. Is `tenfold up` still running?");
  }
  if (answer.ok) return (answer.status === 204 ? undefined : await answer.json()) as T;
  let detail = `${answer.status} ${answer.statusText}`;
  let field: string | undefined;
  let position: number | undefined;
  try {
    const problem = await answer.json();
    detail = problem.detail ?? problem.title ?? detail;
    field = problem.field ?? undefined;
    position = problem.position ?? undefined;
  } catch {
    // not JSON: the status line says enough
  }
  if (answer.status === 401 && !window.location.pathname.startsWith("/login")) window.location.assign("/login");
  throw new Problem(answer.status, detail, field, position);
}

/** Ask for what is at a path, or for the answer to a question made by `posed`. */
export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const at = path.indexOf("\n");
  return at < 0 ? call<T>("GET", path, undefined, signal) : call<T>("POST", path.slice(0, at), JSON.parse(path.slice(at + 1)), signal);
}

/** A question too long for an address, as a path that `get` and `useResource` take: it is posted, and kept by its text. */
export const posed = (path: string, body: unknown): string => `${path}\n${JSON.stringify(body)}`;

/** A path with its query; empty and missing values are left out. */
export function withQuery(path: string, query: Record<string, string | number | boolean | undefined | null>): string {
  const text = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") text.set(name, String(value));
  }
  const tail = text.toString();
  return tail ? `${path}?${tail}` : path;
}

export interface Resource<T> {
  data: T | undefined;
  problem: Problem | undefined;
  /** Being fetched; the old data stays. */
  loading: boolean;
  /** The data belongs to another URL than the one asked for now. */
  stale: boolean;
  reload: () => void;
}

const kept = new Map<string, unknown>();
const KEPT = 60;

function keep(path: string, data: unknown): void {
  kept.delete(path);
  kept.set(path, data);
  if (kept.size > KEPT) kept.delete(kept.keys().next().value!);
}

const underway = new Map<string, Promise<unknown>>();

/** As `get`, but several that ask for the same at the same time share one answer. */
function shared<T>(path: string): Promise<T> {
  let asked = underway.get(path) as Promise<T> | undefined;
  if (!asked) {
    asked = get<T>(path).finally(() => underway.delete(path));
    underway.set(path, asked);
  }
  return asked;
}

/**
 * What the API says at a path, fetched again when a live event matches `on`. Old data stays while new loads;
 * a path seen before is shown at once and then refreshed. A path of null asks nothing.
 */
export function useResource<T>(path: string | null, on?: (event: LiveEvent) => boolean): Resource<T> {
  const [state, setState] = useState<{ path: string | null; data?: T; problem?: Problem; loading: boolean }>(() => ({
    path,
    data: path === null ? undefined : (kept.get(path) as T | undefined),
    loading: path !== null,
  }));
  const [turn, setTurn] = useState(0);
  const wants = useRef(on);
  wants.current = on;
  const running = useRef(false);
  const pause = useRef(300); // what is slow to answer is asked less often

  useEffect(() => {
    if (path === null) return;
    let wanted = true;
    const began = performance.now();
    running.current = true;
    setState((old) =>
      kept.has(path) && old.path !== path ? { path, data: kept.get(path) as T, loading: true } : { ...old, problem: undefined, loading: true },
    );
    shared<T>(path)
      .then((data) => {
        keep(path, data);
        if (wanted) setState({ path, data, loading: false });
      })
      .catch((problem) => {
        if (wanted) setState((old) => ({ path, data: old.path === path ? old.data : undefined, problem, loading: false }));
      })
      .finally(() => {
        running.current = false;
        pause.current = Math.min(5000, Math.max(300, 3 * (performance.now() - began)));
      });
    return () => void (wanted = false);
  }, [path, turn]);

  useEffect(() => {
    if (path === null || !on) return;
    let timer = 0;
    const again = () => {
      timer = 0;
      if (running.current) timer = window.setTimeout(again, 300);
      else setTurn((n) => n + 1);
    };
    const stop = follow((event) => {
      if (!timer && (event.topic === "*" || wants.current?.(event))) timer = window.setTimeout(again, pause.current);
    });
    return () => {
      stop();
      window.clearTimeout(timer);
    };
  }, [path, on !== undefined]);

  return {
    data: state.data,
    problem: state.problem,
    loading: state.loading || state.path !== path,
    stale: state.path !== path && state.data !== undefined,
    reload: () => setTurn((n) => n + 1),
  };
}
