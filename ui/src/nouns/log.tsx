// A run's console output: the end first, more as it is written.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { get, Problem, withQuery } from "../kit/api";
import { bytes, count } from "../kit/format";
import { Failed } from "../kit/parts";
import type { LogText } from "../wire";

const PIECE = 262_144;
const MOST_HITS = 2000;
const ESCAPES = /\u001b\[[0-9;?]*[ -/]*[@-~]/g;

export function Log({ run, height }: { run: string; height?: string }) {
  const [text, setText] = useState("");
  const [state, setState] = useState<{ from: number; size: number; ended: boolean } | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [wraps, setWraps] = useState(true);
  const [find, setFind] = useState("");
  const box = useRef<HTMLDivElement>(null);
  const follow = useRef(true);

  useEffect(() => {
    let timer = 0;
    const stop = new AbortController();
    const read = async (offset: number, first: boolean) => {
      try {
        const piece = await get<LogText>(withQuery(`/runs/${run}/log`, { offset, limit: PIECE }), stop.signal);
        if (piece.text) setText((old) => (first ? piece.text : old + piece.text));
        setState((old) => ({ from: first ? piece.offset : (old?.from ?? 0), size: piece.size, ended: piece.ended }));
        setProblem(null);
        if (!piece.ended || piece.next < piece.size) timer = window.setTimeout(() => void read(piece.next, false), piece.next < piece.size ? 0 : 1000);
      } catch (error) {
        if ((error as Error).name === "AbortError") return;
        setProblem(error as Problem);
        if ((error as Problem).status === 0) timer = window.setTimeout(() => void read(offset, first), 3000);
      }
    };
    setText("");
    setState(null);
    void read(-PIECE, true);
    return () => {
      stop.abort();
      window.clearTimeout(timer);
    };
  }, [run]);
  useEffect(() => {
    if (follow.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [text]);
  const earlier = async () => {
    if (!state) return;
    const from = Math.max(0, state.from - PIECE);
    const piece = await get<LogText>(withQuery(`/runs/${run}/log`, { offset: from, limit: state.from - from }));
    follow.current = false;
    setText((old) => piece.text + old);
    setState({ ...state, from });
  };
  const shown = useMemo(() => text.replace(ESCAPES, "").replace(/[^\n]*\r(?!\n)/g, ""), [text]);
  const hits = useMemo(() => (find ? shown.split("\n").flatMap((line, n): [number, string][] => (line.toLowerCase().includes(find.toLowerCase()) ? [[n + 1, line]] : [])) : []), [shown, find]);
  if (problem && !text) return <Failed problem={problem} />;
  if (!state) return null;
  if (!text) return <p class="soft">{state.ended ? "It wrote nothing to the console." : "Nothing written yet."}</p>;
  return (
    <div>
      <div class="row" style={{ marginBottom: "6px" }}>
        <span class="soft grow">{bytes(state.size)}{state.ended ? "" : ", still being written"}</span>
        {find ? <span class="soft" role="status">{count(hits.length, "line")}{state.from > 0 ? " in what is loaded" : ""}</span> : null}
        <input class="input" type="text" aria-label="Find in the output" placeholder="Find" value={find} onInput={(event) => setFind(event.currentTarget.value)} onKeyDown={(event) => event.key === "Escape" && setFind("")} />
        {state.from > 0 ? <button type="button" class="button" onClick={() => void earlier()}>Show earlier</button> : null}
        <button type="button" class="button bare" aria-pressed={wraps} onClick={() => setWraps(!wraps)}>Wrap lines</button>
      </div>
      <div class="console" ref={box} tabIndex={0} role="region" aria-label="Console output" style={height ? { maxHeight: height } : {}}
        onScroll={(event) => { const e = event.currentTarget; follow.current = e.scrollHeight - e.scrollTop - e.clientHeight < 24; }}>
        {find ? hits.slice(-MOST_HITS).map(([n, line]) => <div class="hit" key={n}><span class="n">{state.from > 0 ? "" : n}</span><span>{lit(line, find)}</span></div>) : <div class={`text${wraps ? " wraps" : ""}`}>{shown}</div>}
      </div>
    </div>
  );
}

/** A line with what was looked for marked. */
function lit(line: string, find: string) {
  const [low, wanted] = [line.toLowerCase(), find.toLowerCase()];
  const parts = [];
  let from = 0;
  for (let at = low.indexOf(wanted); at >= 0; at = low.indexOf(wanted, from)) {
    parts.push(line.slice(from, at), <mark key={at}>{line.slice(at, at + find.length)}</mark>);
    from = at + find.length;
  }
  return [...parts, line.slice(from)];
}
