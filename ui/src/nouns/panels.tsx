// A panel by itself for each logged key, in sections by what stands before the last slash: searched, arranged, folded.
import { useMemo, useState } from "preact/hooks";
import { Glyph } from "../kit/glyphs";
import { useQuery } from "../kit/router";
import { CurveChart, type Against, type Look } from "./curves";
import type { Layout } from "./layout";
import type { Compared, Groups } from "./runset";

export interface PanelsProps {
  set: Compared;
  keys: string[];
  look: Look;
  /** Over what a panel is drawn when nobody chose: as its metric's definition says, else by step. */
  chosenX: boolean;
  groups: Groups | null;
  /** Groups as one line each, not as coloured runs. */
  mean: boolean;
  layout: Layout;
  setLayout: (layout: Layout) => void;
  setZoom: (zoom: [number, number] | null) => void;
}

/** Keys that hold the text; it is a regular expression when it is one. */
export function matching(keys: string[], text: string): string[] {
  if (!text) return keys;
  try {
    const pattern = new RegExp(text, "i");
    return keys.filter((key) => pattern.test(key));
  } catch {
    return keys.filter((key) => key.toLowerCase().includes(text.toLowerCase()));
  }
}

const sectionOf = (key: string): string => (key.includes("/") ? key.slice(0, key.lastIndexOf("/")) : "");

const isSystem = (key: string): boolean => key.startsWith("system/");

export function Panels(props: PanelsProps) {
  const { set, keys, layout, setLayout } = props;
  const [find] = useQuery("find");
  const [dragged, setDragged] = useState<string | null>(null);
  const [said, setSaid] = useState("");
  const place = useMemo(() => new Map(layout.order.map((key, n) => [key, n])), [layout.order]);
  const ordered = useMemo(() => [...keys].sort((a, b) => (place.get(a) ?? Infinity) - (place.get(b) ?? Infinity) || 0), [keys, place]);
  const found = matching(ordered, find);
  const shown = found.filter((key) => !layout.hidden.includes(key));
  const away = found.filter((key) => layout.hidden.includes(key));
  const sections = new Map<string, string[]>();
  for (const key of shown.filter((one) => !sectionOf(one))) sections.set("", [...(sections.get("") ?? []), key]);
  for (const key of [...shown.filter((one) => sectionOf(one) && !isSystem(one)), ...shown.filter(isSystem)]) sections.set(sectionOf(key), [...(sections.get(sectionOf(key)) ?? []), key]);
  const without = (list: string[], key: string) => list.filter((one) => one !== key);
  const toggle = (list: "hidden" | "wide" | "folded", key: string) => setLayout({ ...layout, [list]: layout[list].includes(key) ? without(layout[list], key) : [...layout[list], key] });

  /** Put a panel before or after another of its section. */
  const put = (key: string, beside: string, after: boolean) => {
    if (key === beside) return;
    const order = without(ordered, key);
    order.splice(order.indexOf(beside) + Number(after), 0, key);
    setLayout({ ...layout, order });
  };
  const step = (key: string, by: number) => {
    const near = sections.get(sectionOf(key)) ?? [];
    const beside = near[near.indexOf(key) + by];
    if (!beside) return setSaid(`${key} is ${by < 0 ? "first" : "last"} already.`);
    put(key, beside, by > 0);
    setSaid(`${key} is now ${near.indexOf(beside) + 1} of ${near.length}.`);
  };
  // the hidden ones are read too unless they are most, so that a box in the list acts at once
  const whole = !(props.groups && props.mean) && set.hidden.size <= set.runs.length / 2;
  const read = whole ? set.runs : set.shown;
  const holders = useMemo(() => new Map(keys.map((key) => [key, read.filter((run) => key in run.metrics).map((run) => run.id)])), [read, keys]);
  const members = useMemo(() => (props.groups && props.mean ? new Map(keys.map((key) => [key, new Map([...props.groups!.members].map(([name, of]) => [name, of.filter((id) => holders.get(key)!.includes(id))]))])) : null), [props.groups, props.mean, holders]);
  const pens = useMemo(() => (props.groups ? new Map([...props.groups.pens, ...props.groups.byRun]) : set.pens), [props.groups, set.pens]);
  const panel = (key: string) => {
    const ids = holders.get(key) ?? [];
    const defined = set.definitions[key]?.x;
    const x: Against = !props.chosenX && defined ? `metric:${defined}` : props.look.x;
    const look = { ...props.look, x, groups: members?.get(key), zoom: x === props.look.x ? props.look.zoom : null };
    return (
      <div key={key} class={`panelbox${layout.wide.includes(key) ? " wide" : ""}${dragged && dragged !== key && sectionOf(dragged) === sectionOf(key) ? " target" : ""}`} data-panel={key}
        onDragOver={(event) => dragged && sectionOf(dragged) === sectionOf(key) && event.preventDefault()}
        onDrop={(event) => { event.preventDefault(); if (dragged) put(dragged, key, ordered.indexOf(dragged) < ordered.indexOf(key)); setDragged(null); }}>
        <CurveChart metric={key} runs={ids} away={whole && set.hidden.size ? set.hidden : undefined} pens={pens} names={set.names} look={look} setZoom={props.setZoom} live={set.live} height={layout.wide.includes(key) ? 300 : 210}
          choices={(close) => (
            <>
              <button type="button" class="choice" onClick={() => { close(); toggle("wide", key); }}>{layout.wide.includes(key) ? "As small as the others" : "Across the page"}</button>
              <button type="button" class="choice" onClick={() => { close(); toggle("hidden", key); }}>Hide</button>
            </>
          )}
          tools={<button type="button" class="button bare icon handle" draggable aria-label={`Move ${key}`} title="Drag, or arrow keys" onDragStart={(event) => { setDragged(key); event.dataTransfer?.setData("text/plain", key); }} onDragEnd={() => setDragged(null)}
            onKeyDown={(event) => { const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key]; if (by) { event.preventDefault(); step(key, by); } }}><Glyph name="grip" size={14} /></button>} />
      </div>
    );
  };
  return (
    <>
      <div class="sr" role="status">{said}</div>
      {[...sections].map(([title, group]) => {
        const folded = layout.folded.includes(title || "charts") && !find;
        return (
          <section key={title} class="section panels" aria-label={title || "Charts"}>
            {sections.size > 1 || title ? (
              <div class="title">
                <h2><button type="button" class="fold" aria-expanded={!folded} onClick={() => toggle("folded", title || "charts")}><Glyph name={folded ? "right" : "down"} size={14} />{title || "Charts"}<span class="count">{group.length}</span></button></h2>
              </div>
            ) : null}
            {folded ? null : <div class="charts">{group.map(panel)}</div>}
          </section>
        );
      })}
      {shown.length ? null : <p class="soft">{find ? `No panel’s name matches “${find}”.` : "All panels are hidden."}</p>}
      {away.length ? (
        <p class="soft hiddenpanels">Hidden: {away.map((key) => <button key={key} type="button" class="button bare" aria-label={`Show ${key} again`} onClick={() => toggle("hidden", key)}>{key}<Glyph name="plus" size={12} /></button>)}</p>
      ) : null}
    </>
  );
}
