// A run's console output: the end first, more as it is written.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { get, Problem, withQuery } from "../kit/api";
import { coloured, plain } from "../kit/ansi";
import { bytes, count } from "../kit/format";
import { Glyph } from "../kit/glyphs";
import { Failed } from "../kit/parts";
import type { LogText } from "../wire";

const PIECE = 262_144;
const MOST_HITS = 2000;
const ATTEMPT = /^--- attempt (\d+) ---\n/m;

export function Log({ run, height }: { run: string; height?: string }) {
  const [text, setText] = useState("");
  const [state, setState] = useState<{ from: number; size: number; ended: boolean } | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [wraps, setWraps] = useState(true);
  const [find, setFind] = useState("");
  const box = useRef<HTMLDivElement>(null);
  const follow = useRef(true);
  const [follows, setFollows] = useState(true);
  const [attempt, setAttempt] = useState(0);
  const goDown = (on: boolean) => {
    follow.current = on;
    setFollows(on);
    if (on && box.current) box.current.scrollTop = box.current.scrollHeight;
  };

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
  const tries = useMemo(() => attempts(text, state?.from === 0), [text, state?.from]);
  const part = tries.find((one) => one.n === attempt)?.text ?? text;
  const shown = useMemo(() => plain(part), [part]);
  const drawn = useMemo(() => coloured(part), [part]);
  const hits = useMemo(() => (find ? shown.split("\n").flatMap((line, n): [number, string][] => (line.toLowerCase().includes(find.toLowerCase()) ? [[n + 1, line]] : [])) : []), [shown, find]);
  if (problem && !text) return <Failed problem={problem} />;
  if (!state) return null;
  if (!text) return <p class="soft">{state.ended ? "It wrote nothing to the console." : "Nothing written yet."}</p>;
  return (
    <div>
      <div class="row wrap" style={{ marginBottom: "6px" }}>
        <span class="soft grow">{bytes(state.size)}{state.ended ? "" : ", still being written"}</span>
        {find ? <span class="soft" role="status">{count(hits.length, "line")}{state.from > 0 ? " in what is loaded" : ""}</span> : null}
        <input class="input" type="text" aria-label="Find in the output" placeholder="Find" value={find} onInput={(event) => setFind(event.currentTarget.value)} onKeyDown={(event) => event.key === "Escape" && setFind("")} />
        {tries.length > 1 ? (
          <select class="input" aria-label="Which attempt" value={attempt} onChange={(event) => setAttempt(Number(event.currentTarget.value))}>
            <option value={0}>All attempts</option>
            {tries.map((one) => <option key={one.n} value={one.n}>Attempt {one.n}</option>)}
          </select>
        ) : null}
        {state.from > 0 ? <button type="button" class="button" onClick={() => void earlier()}>Show earlier</button> : null}
        <button type="button" class="button bare" aria-pressed={wraps} onClick={() => setWraps(!wraps)}>Wrap lines</button>
        {state.ended ? null : <button type="button" class="button bare" aria-pressed={follows} onClick={() => goDown(!follows)}>Follow</button>}
        <a class="button bare icon" href={`/api/v1/runs/${run}/log/text`} download aria-label="Download the output" title="Download all of it"><Glyph name="download" size={14} /></a>
      </div>
      <div class="console" ref={box} tabIndex={0} role="region" aria-label="Console output" style={height ? { maxHeight: height } : {}}
        onScroll={(event) => { const e = event.currentTarget; const down = e.scrollHeight - e.scrollTop - e.clientHeight < 24; follow.current = down; if (down !== follows) setFollows(down); }}>
        {find ? hits.slice(-MOST_HITS).map(([n, line]) => <div class="hit" key={n}><span class="n">{state.from > 0 ? "" : n}</span><span>{lit(line, find)}</span></div>) : <div class={`text${wraps ? " wraps" : ""}`}>{drawn}</div>}
      </div>
    </div>
  );
}

/** The output by attempts, where there are several and their beginning is loaded. */
function attempts(text: string, whole: boolean): { n: number; text: string }[] {
  const pieces = text.split(ATTEMPT);
  const found = whole && pieces[0] ? [{ n: 1, text: pieces[0] }] : [];
  for (let i = 1; i + 1 < pieces.length; i += 2) found.push({ n: Number(pieces[i]), text: pieces[i + 1]! });
  return found;
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
