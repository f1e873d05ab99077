// Runs of pipelines as strips, bars of states, and the forms that ask for a run.
import "./pipelines.css";
import { useState } from "preact/hooks";
import { call } from "../kit/api";
import { Badge, colourOf, toneOf } from "../kit/badge";
import { Dialog, toast } from "../kit/dialog";
import { ago, count, duration, when } from "../kit/format";
import { go } from "../kit/router";
import type { Json, RunAsked, RunMark } from "../wire";

export const pageOfPipeline = (name: string): string => `/pipelines/${encodeURIComponent(name)}`;
export const pageOfPipelineRun = (id: string): string => `/pipelines/runs/${id}`;

/** A run in one line, for a title. */
export const said = (run: RunMark): string => [run.state, ago(run.at_ms), duration(run.duration_ms), run.trigger, run.error ?? ""].filter(Boolean).join(" · ");

/** Newest runs as bars, the oldest left: colour and foot say the state, height how long it took beside the others. */
export function Strip({ runs, label }: { runs: RunMark[]; label: string }) {
  if (!runs.length) return <span class="faint">never ran</span>;
  const longest = Math.max(1, ...runs.map((run) => run.duration_ms ?? 0));
  return (
    <span class="strip" role="group" aria-label={label}>
      {[...runs].reverse().map((run) => <a key={run.id} class={`plain s-${toneOf(run.state)}`} href={pageOfPipelineRun(run.id)} title={said(run)} aria-label={`${run.state}, ${when(run.at_ms)}`}><i style={{ height: `${Math.round(4 + 16 * ((run.duration_ms ?? 0) / longest))}px` }} /></a>)}
    </span>
  );
}

const ORDER = ["failed", "running", "cancelled", "skipped", "ready", "waiting", "cached", "finished"];
export const inOrder = (counts: Record<string, number>): [string, number][] => Object.entries(counts).filter(([, n]) => n).sort(([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b));

/** How many are in each state, as one bar. */
export function StateBar({ counts, width = 120 }: { counts: Record<string, number>; width?: number }) {
  const all = Object.values(counts).reduce((a, b) => a + b, 0) || 1;
  const says = inOrder(counts).map(([state, n]) => `${n.toLocaleString("en-US")} ${state}`).join(", ");
  return <span class="statebar" role="img" aria-label={says} title={says} style={{ width: `${width}px` }}>{inOrder(counts).reverse().map(([state, n]) => <i key={state} style={{ width: `${(100 * n) / all}%`, background: colourOf(state) }} />)}</span>;
}

export interface Schema {
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  enum?: Json[];
  anyOf?: Schema[];
  $ref?: string;
  $defs?: Record<string, Schema>;
  format?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  default?: Json;
  description?: string;
  const?: Json;
}

/** The kind of field a param is asked by; anyOf with null is its other side. */
function kindOf(of: Schema, all: Schema): { schema: Schema; kind: string; optional: boolean } {
  if (of.$ref) return kindOf(all.$defs?.[of.$ref.split("/").at(-1)!] ?? {}, all);
  if (of.anyOf) {
    const rest = of.anyOf.filter((one) => one.type !== "null");
    if (rest.length === 1) return { ...kindOf(rest[0]!, all), optional: rest.length < of.anyOf.length };
    return { schema: of, kind: "json", optional: true };
  }
  if (of.enum) return { schema: of, kind: "enum", optional: false };
  const type = Array.isArray(of.type) ? of.type.find((one) => one !== "null") : of.type;
  return { schema: of, kind: type === "integer" || type === "number" || type === "boolean" || type === "string" ? type : "json", optional: Array.isArray(of.type) && of.type.includes("null") };
}

const shownOf = (kind: string, value: Json | undefined): string => (value === undefined || value === null ? "" : kind === "json" ? JSON.stringify(value) : String(value));

/** A param whose type nobody said is asked for as what it was, or is by default. */
const guessed = (of: Schema, known: Json | undefined): Schema => (of.type || of.anyOf || of.$ref || of.enum ? of : typeof known === "string" || typeof known === "number" || typeof known === "boolean" ? { ...of, type: typeof known } : of);

/** What was typed as the value it stands for. Throws a message for people. */
function read(kind: string, optional: boolean, text: string, schema: Schema): Json {
  if (text === "" && (optional || kind === "json")) return null;
  if (kind === "string") return text;
  if (kind === "boolean") return text === "true";
  if (kind === "enum") return (schema.enum ?? []).find((one) => shownOf("enum", one) === text) ?? text;
  if (kind === "integer" || kind === "number") {
    const value = Number(text);
    if (text.trim() === "" || Number.isNaN(value) || (kind === "integer" && !Number.isInteger(value))) throw new Error(`is ${kind === "integer" ? "a whole number" : "a number"}`);
    if (schema.minimum !== undefined && value < schema.minimum) throw new Error(`is ${schema.minimum} or more`);
    if (schema.maximum !== undefined && value > schema.maximum) throw new Error(`is ${schema.maximum} or less`);
    if (schema.exclusiveMinimum !== undefined && value <= schema.exclusiveMinimum) throw new Error(`is more than ${schema.exclusiveMinimum}`);
    if (schema.exclusiveMaximum !== undefined && value >= schema.exclusiveMaximum) throw new Error(`is less than ${schema.exclusiveMaximum}`);
    return value;
  }
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new Error("is JSON, like [1, 2] or \"text\"");
  }
}

/** A form made from the schema of params; sends those that differ from `params`, and opens the run. */
export function AskForm({ title, schema, params, path, close }: { title: string; schema: Schema; params: Record<string, Json>; path: string; close: () => void }) {
  const fields = Object.entries(schema.properties ?? {}).map(([name, of]) => ({ name, of, ...kindOf(guessed(of, params[name] ?? of.default), schema) }));
  const first = Object.fromEntries(fields.map(({ name, kind, of }) => [name, shownOf(kind, params[name] ?? of.default)]));
  const [texts, setTexts] = useState<Record<string, string>>(first);
  const [why, setWhy] = useState("");
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  const send = async () => {
    const given: Record<string, Json> = {};
    const bad: Record<string, string> = {};
    for (const { name, kind, optional, schema: one } of fields) {
      if (texts[name] === first[name] && name in params) continue;
      try {
        given[name] = read(kind, optional, texts[name] ?? "", one);
      } catch (error) {
        bad[name] = (error as Error).message;
      }
    }
    setWrong(bad);
    if (Object.keys(bad).length) return;
    setBusy(true);
    try {
      const { run_id } = await call<RunAsked>("POST", path, { params: given, why });
      toast("Asked for. It begins in a moment.");
      close();
      go(pageOfPipelineRun(run_id));
    } catch (error) {
      toast((error as Error).message, "bad");
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} close={close}>
      <form onSubmit={(event) => { event.preventDefault(); void send(); }}>
        <div class="ask">
          {fields.length ? null : <p class="soft">It takes no params.</p>}
          {fields.map(({ name, kind, optional, schema: one, of }, i) => {
            const set = (value: string) => setTexts({ ...texts, [name]: value });
            const common = { class: "input", "aria-label": name, autofocus: i === 0, "aria-invalid": wrong[name] ? true : undefined };
            return (
              <label class="field" key={name}>
                <span>{name} <span class="faint">{kind === "json" ? "JSON" : kind === "enum" ? "" : kind}{optional ? ", may be empty" : ""}{texts[name] !== first[name] ? ", changed" : ""}</span></span>
                {kind === "enum" || kind === "boolean" ? (
                  <select {...common} value={texts[name]} onChange={(event) => set(event.currentTarget.value)}>
                    {optional ? <option value="" /> : null}
                    {(kind === "boolean" ? ["true", "false"] : (one.enum ?? []).map((each) => shownOf("enum", each))).map((each) => <option key={each} value={each}>{each}</option>)}
                  </select>
                ) : <input {...common} type="text" inputMode={kind === "integer" || kind === "number" ? "decimal" : "text"} value={texts[name]} spellcheck={false} onInput={(event) => set(event.currentTarget.value)} />}
                {wrong[name] ? <span class="error" role="alert">{name} {wrong[name]}</span> : of.description ? <small>{of.description}</small> : null}
              </label>
            );
          })}
          <label class="field"><span>Why <span class="faint">kept with the run</span></span><input class="input" type="text" aria-label="Why" value={why} onInput={(event) => setWhy(event.currentTarget.value)} /></label>
        </div>
        <footer>
          <button type="button" class="button" onClick={close}>Do not run</button>
          <button type="submit" class="button main" disabled={busy}>{busy ? "Asking…" : "Run"}</button>
        </footer>
      </form>
    </Dialog>
  );
}

/** The states of the places of a run, as words. */
export function Counts({ counts }: { counts: Record<string, number> }) {
  return <>{inOrder(counts).map(([state, n]) => <Badge key={state} state={state} word={`${n.toLocaleString("en-US")} ${state}`} />)}</>;
}

export const runsOf = (n: number): string => count(n, "run");
