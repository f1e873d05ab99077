// The views of a project: open one, save what is shown under a name, send it to somebody.
import { useState } from "preact/hooks";
import { toast } from "../kit/dialog";
import { Glyph } from "../kit/glyphs";
import { Pop } from "../kit/parts";
import type { Views } from "./layout";

export function SaveView({ views, reset }: { views: Views; reset: (() => void) | null }) {
  const [name, setName] = useState("");
  const copy = async (close: () => void) => {
    await navigator.clipboard?.writeText(views.link()).catch(() => undefined);
    toast("The address of just this is copied.");
    close();
  };
  return (
    <Pop label="Views" title={views.view || "Views"} glyph="columns">
      {(close) => (
        <>
          {views.views.length ? <div class="group">Saved</div> : null}
          {views.views.map((view) => (
            <div class="row" key={view.name}>
              <button type="button" class="choice" aria-current={view.name === views.view} onClick={() => { close(); views.open(view.name); }}><span class="cut">{view.name}</span>{view.name === views.view ? <Glyph name="check" size={14} /> : null}</button>
              <button type="button" class="button bare icon" aria-label={`Delete the view ${view.name}`} onClick={() => void views.remove(view.name)}><Glyph name="close" size={12} /></button>
            </div>
          ))}
          {views.view ? <button type="button" class="choice" onClick={() => { close(); views.open(""); }}>Back to the usual</button> : null}
          <form class="row" onSubmit={(event) => { event.preventDefault(); if (name.trim()) void views.saveAs(name.trim()).then((done) => done && (setName(""), close())); }}>
            <input class="input grow" style={{ margin: 0 }} type="text" aria-label="Name of the view" placeholder="Save this as …" value={name} onInput={(event) => setName(event.currentTarget.value)} />
            <button type="submit" class="button" disabled={!name.trim()}>Save</button>
          </form>
          <button type="button" class="choice" onClick={() => void copy(close)}>Copy the address of just this</button>
          {reset ? <button type="button" class="choice" onClick={() => { close(); reset(); }}>All panels as they were</button> : null}
        </>
      )}
    </Pop>
  );
}
