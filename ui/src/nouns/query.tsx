// The field of the search language: completes names, operators and values, and points at the character at fault.
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { Problem } from "../kit/api";
import { Glyph } from "../kit/glyphs";
import { useKeys } from "../kit/keys";
import type { RunKeys } from "../wire";

interface Offer {
  text: string;
  says: string;
}

const ATTRIBUTES = ["name", "state", "kind", "project", "user", "host", "group", "started", "ended", "created", "duration", "starred", "archived", "id", "parent"];
const OPERATORS = ["=", "!=", ">", ">=", "<", "<=", "in (", "like '", "ilike '", "is null", "is not null"];
const VALUES: Record<string, string[]> = {
  state: ["'running'", "'finished'", "'failed'", "'killed'", "'lost'", "'created'"], status: ["'running'", "'finished'", "'failed'"],
  kind: ["'training'", "'pipeline'", "'step'", "'trial'", "'evaluation'", "'check'", "'deployment'"], starred: ["true", "false"], archived: ["true", "false"],
  duration: ["'10m'", "'1h'"],
};
const MOST = 40;
const PLAIN = /^[\w./:@%-]+$/;

const named = (family: string, key: string): string => `${family}.${PLAIN.test(key) ? key : `"${key.replace(/[\\"]/g, "\\$&")}"`}`;

function fieldsOf(keys: RunKeys | undefined): Offer[] {
  return [
    ...(keys?.metrics ?? []).map((key) => ({ text: named("metrics", key), says: "metric" })), ...(keys?.params ?? []).map((key) => ({ text: named("params", key), says: "param" })),
    ...(keys?.tags ?? []).map((key) => ({ text: named("tags", key), says: "tag" })), ...ATTRIBUTES.map((key) => ({ text: key, says: "attribute" })),
  ];
}

/** What could stand where the text ends, and where what is typed of it begins. */
export function completions(text: string, keys: RunKeys | undefined): { from: number; offers: Offer[] } {
  const typed = /[\w./:@%"-]*$/.exec(text)![0];
  const from = text.length - typed.length;
  const before = text.slice(0, from).trimEnd();
  if ((before.match(/'/g) ?? []).length % 2) return { from, offers: [] }; // inside a text
  const fields = fieldsOf(keys);
  const lower = typed.toLowerCase();
  const matching = (offers: Offer[]) => offers.filter((one) => one.text.toLowerCase().includes(lower) && one.text !== typed).sort((a, b) => Number(b.text.toLowerCase().startsWith(lower)) - Number(a.text.toLowerCase().startsWith(lower))).slice(0, MOST);
  const last = /([\w./:@%-]+|"[^"]*"|'[^']*'|[<>=!]+|\)|\()$/.exec(before)?.[0] ?? "";
  const isField = (word: string) => fields.some((one) => one.text === word) || /^(metrics|params|tags|summary)\./.test(word);
  if (/[<>=]$/.test(last)) {
    const field = /([\w./:@%-]+)\s*[<>=!]+$/.exec(before)?.[1]?.replace(/^attributes\./, "") ?? "";
    return { from, offers: matching((VALUES[field] ?? []).map((value) => ({ text: value, says: "value" }))) };
  }
  const operand = /[<>=!]\s*([\w./:@%-]+|"[^"]*"|'[^']*')$/.test(before) || last === ")" || /\bnull$/i.test(before);
  if (!before || /(\band|\bor|\bnot|\()$/i.test(before)) return { from, offers: matching(fields) };
  if (operand) return { from, offers: matching([{ text: "and", says: "both" }, { text: "or", says: "either" }]) };
  if (isField(last)) return { from, offers: matching(OPERATORS.map((text) => ({ text, says: "" }))) };
  return { from, offers: [] };
}

export function QueryField({ value, set, keys, problem, label = "Search runs" }: { value: string; set: (text: string) => void; keys: RunKeys | undefined; problem: Problem | null; label?: string }) {
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  const [text, setText] = useState(value);
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  useEffect(() => setText(value), [value]);
  useKeys([{ keys: "/", says: label, act: () => field.current?.select() }]);
  const caret = field.current?.selectionStart ?? text.length;
  const { from, offers } = open ? completions(text.slice(0, caret), keys) : { from: 0, offers: [] };
  useEffect(() => document.getElementById(`${id}-${at}`)?.scrollIntoView({ block: "nearest" }), [at]);
  const take = (offer: Offer) => {
    const open = /[('"]$/.test(offer.text);
    const next = `${text.slice(0, from)}${offer.text}${open ? "" : " "}`;
    setText(next + text.slice(caret).trimStart());
    setAt(-1);
    queueMicrotask(() => {
      field.current?.focus();
      field.current?.setSelectionRange(next.length, next.length);
    });
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "Escape") {
      if (open && offers.length) setOpen(false);
      else if (text) { setText(""); set(""); } else field.current?.blur();
    } else if (offers.length && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      setAt((at + (event.key === "ArrowDown" ? 1 : -1) + offers.length + (at < 0 && event.key === "ArrowUp" ? 1 : 0)) % offers.length);
    } else if (at >= 0 && offers[at] && (event.key === "Enter" || event.key === "Tab")) {
      event.preventDefault();
      take(offers[at]!);
    }
  };
  const fault = problem && problem.field === "q" && problem.position !== undefined && text === value;
  return (
    <>
      <form class="filter" role="search" onSubmit={(event) => { event.preventDefault(); setOpen(false); set(text.trim()); }}>
        <Glyph name="search" size={14} />
        <input ref={field} class="input code" type="text" value={text} aria-label={label} placeholder="params.lr < 0.1 and metrics.auc > 0.7" spellcheck={false} autocomplete="off"
          role="combobox" aria-expanded={offers.length > 0} aria-controls={id} aria-autocomplete="list" aria-activedescendant={at >= 0 && offers[at] ? `${id}-${at}` : undefined} aria-invalid={problem ? true : undefined} aria-describedby={fault ? `${id}-fault` : undefined}
          onInput={(event) => { setText(event.currentTarget.value); setOpen(true); setAt(-1); }} onFocus={() => setOpen(true)} onClick={() => setAt(-1)}
          onBlur={() => { setOpen(false); if (text.trim() !== value) set(text.trim()); }} onKeyDown={press} />
        {text ? null : <kbd aria-hidden="true">/</kbd>}
        <ul class="completion" id={id} role="listbox" aria-label="What could stand here" hidden={!offers.length}>
          {offers.map((offer, i) => (
            <li key={offer.text} id={`${id}-${i}`} role="option" aria-selected={i === at} onPointerDown={(event) => { event.preventDefault(); take(offer); }}><span class="cut">{offer.text}</span><span class="faint">{offer.says}</span></li>
          ))}
        </ul>
      </form>
      {fault ? <Fault text={text} at={problem.position!} id={`${id}-fault`} /> : null}
    </>
  );
}

/** The search with what is at fault marked; stands under the toolbar. */
function Fault({ text, at, id }: { text: string; at: number; id: string }) {
  const until = /^[\w.]+|^./.exec(text.slice(at))?.[0].length ?? 1;
  return <div class="fault" id={id}>{text.slice(0, at)}<b>{text.slice(at, at + until) || " "}</b>{text.slice(at + until)}{"\n"}{" ".repeat(at)}<b aria-hidden="true">^</b></div>;
}
