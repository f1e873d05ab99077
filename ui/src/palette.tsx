// Ctrl-K: find anything in the store, go to a page, do a command.
import { useEffect, useRef, useState } from "preact/hooks";
import { get, withQuery } from "./kit/api";
import { Dialog } from "./kit/dialog";
import { ago } from "./kit/format";
import { Glyph, type GlyphName } from "./kit/glyphs";
import { go } from "./kit/router";
import { setTheme } from "./kit/theme";
import { glyphOf, lineageOf } from "./links";
import { NAVIGATION } from "./navigation";
import type { HitList } from "./wire";

interface Choice {
  id: string;
  group: string;
  glyph: GlyphName;
  title: string;
  where: string;
  act: () => void;
}

const COMMANDS: Choice[] = [
  ...NAVIGATION.map((page): Choice => ({ id: page.path, group: "Pages", glyph: page.glyph, title: page.title, where: "", act: () => go(page.path) })),
  { id: "light", group: "Commands", glyph: "sun", title: "Light colours", where: "", act: () => setTheme("light") },
  { id: "dark", group: "Commands", glyph: "moon", title: "Dark colours", where: "", act: () => setTheme("dark") },
  { id: "auto", group: "Commands", glyph: "auto", title: "Colours as the system has them", where: "", act: () => setTheme("auto") },
];

const ADDRESS = /^[a-z][a-z0-9-]*:\S+$/;

export function Palette({ close }: { close: () => void }) {
  const [text, setText] = useState("");
  const [found, setFound] = useState<Choice[]>([]);
  const [at, setAt] = useState(0);
  const [busy, setBusy] = useState(false);
  const list = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const words = text.trim();
    if (!words) return setFound([]);
    const stop = new AbortController();
    setBusy(true);
    const timer = window.setTimeout(() => {
      get<HitList>(withQuery("/search", { q: words, limit: 20 }), stop.signal)
        .then((hits) => setFound(hits.items.map((hit, i) => ({ id: `hit-${i}`, group: "Found", glyph: glyphOf(hit.kind), title: hit.title, where: [hit.kind, hit.at_ms ? ago(hit.at_ms) : ""].filter(Boolean).join(" · "), act: () => go(hit.page) }))))
        .catch(() => undefined)
        .finally(() => setBusy(false));
    }, 90);
    return () => {
      stop.abort();
      window.clearTimeout(timer);
    };
  }, [text]);

  const words = text.trim().toLowerCase();
  const commands = COMMANDS.filter((one) => one.title.toLowerCase().includes(words));
  const walk: Choice[] = ADDRESS.test(text.trim())
    ? [{ id: "walk", group: "Lineage", glyph: "lineage", title: `Where ${text.trim()} comes from`, where: "lineage", act: () => go(lineageOf(text.trim())) }]
    : [];
  const choices = [...walk, ...found, ...commands];
  const now = Math.min(at, choices.length - 1);
  const take = (choice: Choice | undefined) => {
    if (!choice) return;
    close();
    choice.act();
  };
  const press = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step && choices.length) {
      event.preventDefault();
      const next = (now + step + choices.length) % choices.length;
      setAt(next);
      list.current?.querySelectorAll("[role=option]")[next]?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter") {
      event.preventDefault();
      take(choices[now]);
    }
  };
  return (
    <Dialog title="Search and commands" name="palette" close={close}>
      <div class="ask">
        <Glyph name="search" />
        <input autofocus role="combobox" aria-expanded="true" aria-controls="palette-found" aria-activedescendant={choices[now] ? `palette-${choices[now].id}` : undefined} aria-label="Search runs, data, models, pipelines and commands" placeholder="Runs, data, models, an address, a command…" value={text} spellcheck={false} autocomplete="off"
          onInput={(event) => { setText(event.currentTarget.value); setAt(0); }} onKeyDown={press} />
        <kbd>Esc</kbd>
      </div>
      <div class="found" id="palette-found" role="listbox" aria-label="Found" ref={list} aria-busy={busy}>
        {choices.map((choice, i) => [
          choice.group !== choices[i - 1]?.group ? <div class="group" role="presentation" key={`g-${choice.group}`}>{choice.group}</div> : null,
          <div key={choice.id} id={`palette-${choice.id}`} role="option" aria-selected={i === now} onPointerMove={() => i !== now && setAt(i)} onClick={() => take(choice)}>
            <span class="faint"><Glyph name={choice.glyph} /></span>
            <span class="cut">{choice.title}</span>
            <span class="where">{choice.where}</span>
          </div>,
        ])}
      </div>
      {choices.length ? null : <p class="tablenote" role="status">{busy ? "Searching…" : `Nothing is called “${text.trim()}”.`}</p>}
    </Dialog>
  );
}
