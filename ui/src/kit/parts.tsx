// Small parts: time, copy button, tags, facts, empty state, problem, tabs, menus.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { ago, value as show, when } from "./format";
import { Glyph, type GlyphName } from "./glyphs";

export function Ago({ at }: { at: number | null | undefined }) {
  if (!at) return null;
  return <time dateTime={new Date(at).toISOString()} title={when(at)}>{ago(at)}</time>;
}

export function Copy({ text, label = "Copy" }: { text: string; label?: string }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard?.writeText(text).catch(() => undefined);
    setDone(true);
    window.setTimeout(() => setDone(false), 1500);
  };
  return (
    <button type="button" class="button bare icon copy" aria-label={done ? "Copied" : label} title={label} onClick={copy}>
      <Glyph name={done ? "check" : "copy"} size={14} />
    </button>
  );
}

/** Lines to type, with a button that copies them. */
export function Lines({ text }: { text: string }) {
  return (
    <div class="lines">
      <pre tabIndex={0} aria-label="Lines to type">{text}</pre>
      <Copy text={text} label="Copy these lines" />
    </div>
  );
}

/** Nothing here yet: why, and the lines that would fill it. */
export function Empty({ title, lines, children, page }: { title: string; lines?: string; children?: ComponentChildren; page?: boolean }) {
  const Title = page ? "h1" : "h2";
  return (
    <div class="empty">
      <Title>{title}</Title>
      {children ? <p>{children}</p> : null}
      {lines ? <Lines text={lines} /> : null}
    </div>
  );
}

export function Failed({ problem, again }: { problem: Error; again?: () => void }) {
  return (
    <div class="empty" role="alert">
      <h2>This could not be read</h2>
      <p>{problem.message}</p>
      {again ? <button type="button" class="button" onClick={again}>Try again</button> : null}
    </div>
  );
}

export function Tag({ name, value }: { name: string; value?: string }) {
  return <span class="tag" title={value ? `${name}: ${value}` : name}>{name}{value ? <b>{value}</b> : null}</span>;
}

export function Facts({ rows }: { rows: [string, ComponentChildren][] }) {
  const shown = rows.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return (
    <dl class="facts">
      {shown.map(([name, value]) => [<dt key={name}>{name}</dt>, <dd key={`${name}=`}>{value}</dd>])}
    </dl>
  );
}

/** A JSON value as a tree that opens and closes. */
export function Json({ value, name, open = true }: { value: unknown; name?: string; open?: boolean }) {
  const label = name === undefined ? null : <span class="k">{name}: </span>;
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value);
    const list = Array.isArray(value);
    if (!entries.length) return <div class="json">{label}{list ? "[]" : "{}"}</div>;
    return (
      <details class="json" open={open}>
        <summary>{label}<span class="faint">{list ? `[${entries.length}]` : `{${entries.length}}`}</span></summary>
        <div>{entries.map(([key, item]) => <Json key={key} name={key} value={item} open={entries.length < 30} />)}</div>
      </details>
    );
  }
  return <div class="json">{label}<span class={typeof value === "string" ? "str" : "lit"}>{typeof value === "string" ? value : value === null ? "null" : show(value)}</span></div>;
}

export interface Tab {
  id: string;
  title: string;
  count?: number | undefined;
}

/** Tabs with arrow keys; the panel is the caller's, see `panelOf`. */
export function Tabs({ tabs, now, set, label }: { tabs: Tab[]; now: string; set: (id: string) => void; label: string }) {
  const box = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!step) return;
    event.preventDefault();
    const next = (tabs.findIndex((tab) => tab.id === now) + step + tabs.length) % tabs.length;
    set(tabs[next]!.id);
    box.current?.querySelectorAll<HTMLElement>("[role=tab]")[next]?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={label} ref={box} onKeyDown={move}>
      {tabs.map((tab) => (
        <button key={tab.id} type="button" role="tab" id={`tab-${tab.id}`} aria-selected={tab.id === now} aria-controls={tab.id === now ? "panel" : undefined} tabIndex={tab.id === now ? 0 : -1} onClick={() => set(tab.id)}>
          {tab.title}
          {tab.count !== undefined ? <span class="count">{tab.count.toLocaleString("en-US")}</span> : null}
        </button>
      ))}
    </div>
  );
}

export function Panel({ id, children, plain }: { id: string; children: ComponentChildren; plain?: boolean }) {
  return <div class={plain ? "" : "panel"} role="tabpanel" id="panel" aria-labelledby={`tab-${id}`}>{children}</div>;
}

/** A button that opens a sheet below it; Escape or a click elsewhere closes it. */
export function Pop({ label, glyph, title, children, left, bare }: {
  label: string; glyph?: GlyphName; title?: string; children: (close: () => void) => ComponentChildren; left?: boolean; bare?: boolean;
}) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  useEffect(() => {
    if (!open) return;
    const away = (event: Event) => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", away);
    document.addEventListener("focusin", away);
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("focusin", away);
    };
  }, [open]);
  const close = () => {
    setOpen(false);
    box.current?.querySelector("button")?.focus();
  };
  return (
    <div class="pop" ref={box} onKeyDown={(event) => event.key === "Escape" && open && (event.stopPropagation(), close())}>
      <button type="button" class={`button${title ? "" : " icon"}${bare ? " bare" : ""}`} aria-label={label} title={label} aria-expanded={open} aria-controls={open ? id : undefined} onClick={() => setOpen(!open)}>
        {glyph ? <Glyph name={glyph} /> : null}
        {title}
      </button>
      {open ? <div class={`sheet${left ? " left" : ""}`} id={id}>{children(close)}</div> : null}
    </div>
  );
}
