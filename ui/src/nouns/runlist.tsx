// The runs beside the charts: shown or hidden, in which colour, in which group; the eye, so to speak, of a page of curves.
import { useMemo, useState } from "preact/hooks";
import { Badge } from "../kit/badge";
import { count } from "../kit/format";
import { Glyph } from "../kit/glyphs";
import { Ago } from "../kit/parts";
import type { Compared, Groups } from "./runset";
import { RunLink, took } from "./runs";

export function RunList({ set, groups, take }: { set: Compared; groups: Groups | null; take?: (id: string) => void }) {
  const [find, setFind] = useState("");
  const [open, setOpen] = useState(window.matchMedia("(min-width: 801px)").matches);
  const wanted = find.toLowerCase();
  const found = set.runs.filter((run) => set.names.get(run.id)!.toLowerCase().includes(wanted));
  const show = (ids: string[], seen: boolean) => {
    const next = new Set(set.hidden);
    for (const id of ids) if (seen) next.delete(id); else next.add(id);
    set.setHidden(next);
  };
  const only = (id: string) => set.setHidden(new Set(set.runs.filter((run) => run.id !== id).map((run) => run.id)));
  const all = found.every((run) => !set.hidden.has(run.id));
  // hundreds of rows: made again only when one of them has changed, not with every move of a slider beside
  const rows = useMemo(() => found.map((run) => {
    const name = set.names.get(run.id)!;
    const pen = groups?.byRun.get(run.id) ?? set.pens.get(run.id)!;
    const hidden = set.hidden.has(run.id);
    return (
      <li key={run.id} class={hidden ? "away" : ""}>
        <input type="checkbox" aria-label={`Show ${name}`} checked={!hidden} onChange={() => show([run.id], hidden)} />
        <span class={`swatch${pen.dashed ? " dashed" : ""}`} style={{ borderColor: pen.css }} />
        <RunLink run={{ ...run, name }} />
        <span class="when"><Badge state={run.state} word="" /><span class="hide-narrow" title={took(run)}><Ago at={run.started_at_ms ?? run.created_at_ms} /></span></span>
        <button type="button" class="button bare only" aria-label={`Show only ${name}`} title="Only this one" onClick={() => only(run.id)}>only</button>
        {take ? <button type="button" class="button bare icon out" aria-label={`Take out ${name}`} title="Take out" onClick={() => take(run.id)}><Glyph name="close" size={12} /></button> : null}
      </li>
    );
  }), [set.resource.data, set.hidden, groups, wanted, take === undefined]);
  return (
    <aside class={`runlist${open ? "" : " shut"}`} aria-label="Runs">
      <header>
        <button type="button" class="fold" aria-expanded={open} onClick={() => setOpen(!open)}><Glyph name={open ? "down" : "right"} size={14} />{set.hidden.size ? `${set.shown.length} of ${count(set.runs.length, "run")} shown` : count(set.runs.length, "run")}</button>
      </header>
      {open ? (
        <>
          <div class="row tools">
            <input type="checkbox" aria-label={wanted ? "Show all found" : "Show all runs"} checked={all && found.length > 0} onChange={() => show(found.map((run) => run.id), !all)} />
            <input class="input grow" type="text" placeholder="Find a run" aria-label="Find a run in the list" value={find} onInput={(event) => setFind(event.currentTarget.value)} />
          </div>
          <ul aria-label="Runs">{rows}</ul>
        </>
      ) : null}
    </aside>
  );
}
