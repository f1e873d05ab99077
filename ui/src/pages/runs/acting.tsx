// What can be done to the runs selected, or to all that match: star, tag, archive, stop, bin, restore, purge; with what will happen said first.
import { useEffect, useState } from "preact/hooks";
import { call } from "../../kit/api";
import { Dialog, toast } from "../../kit/dialog";
import { bytes, count } from "../../kit/format";
import { Glyph } from "../../kit/glyphs";
import { Pop } from "../../kit/parts";
import type { RunAction, RunFilter, RunsActed } from "../../wire";

type Action = RunAction["action"];

const WORDS: Record<Action, [verb: string, done: string]> = {
  star: ["Star", "starred"], unstar: ["Take the star from", "without a star"], archive: ["Archive", "archived"], unarchive: ["Take back from the archive", "back from the archive"],
  tag: ["Tag", "tagged"], stop: ["Ask to stop", "asked to stop"], delete: ["Move to the bin", "moved to the bin"], restore: ["Restore", "restored"], purge: ["Remove for good", "removed for good"],
};

export interface Selection {
  ids: string[];
  /** All that match are meant, these many. */
  all: { filter: RunFilter; total: number; atLeast: boolean } | null;
}

const bodyOf = (selection: Selection, action: Action, tags: Record<string, string | null>, preview: boolean) => ({
  action, tags, preview, ...(selection.all ? { filter: selection.all.filter } : { ids: selection.ids }),
});

/** Carry an action out; ids go in parts of a thousand. */
export async function actOn(selection: Selection, action: Action, tags: Record<string, string | null> = {}, preview = false): Promise<RunsActed> {
  if (selection.all) return call<RunsActed>("POST", "/runs/act", bodyOf(selection, action, tags, preview));
  let sum: RunsActed | null = null;
  for (let from = 0; from < selection.ids.length; from += 1000) {
    const done: RunsActed = await call<RunsActed>("POST", "/runs/act", bodyOf({ ...selection, ids: selection.ids.slice(from, from + 1000) }, action, tags, preview));
    sum = sum ? { ...done, matched: sum.matched + done.matched, changed: sum.changed + done.changed, names: sum.names, freed_bytes: (sum.freed_bytes ?? 0) + (done.freed_bytes ?? 0), waiting_bytes: (sum.waiting_bytes ?? 0) + (done.waiting_bytes ?? 0) } : done;
  }
  return sum!;
}

/** The line of buttons that stands above the table while runs are selected. */
export function ActBar({ selection, bin, archived, total, atLeast, takeAll, clear, done, compare, saves }: {
  selection: Selection; bin: boolean; archived: boolean; total: number; atLeast: boolean; takeAll: (() => void) | null; clear: () => void; done: () => void; compare: () => void; saves: preact.ComponentChildren;
}) {
  const [asked, setAsked] = useState<Action | null>(null);
  const number = selection.all ? selection.all.total : selection.ids.length;
  const at = async (action: Action) => {
    if (selection.all || action === "purge" || action === "tag" || number > 100) return setAsked(action);
    try {
      const said = await actOn(selection, action);
      toast(`${count(said.changed, "run")} ${WORDS[action][1]}.`);
      done();
    } catch (error) {
      toast((error as Error).message, "bad");
    }
  };
  const button = (action: Action, title: string) => <button type="button" class="button" onClick={() => void at(action)}>{title}</button>;
  return (
    <div class="toolbar chosenbar" role="region" aria-label="Selected runs">
      <span><b>{number.toLocaleString("en-US")}{selection.all?.atLeast ? "+" : ""} selected</b></span>
      {takeAll ? <button type="button" class="button bare" onClick={takeAll}>Select all {total.toLocaleString("en-US")}{atLeast ? "+" : ""} that match</button> : null}
      <button type="button" class="button bare" onClick={clear}>Clear</button>
      <span class="grow" />
      {bin ? <>{button("restore", "Restore")}{button("purge", "Remove for good")}</> : (
        <>
          {button("star", "Star")}{button("tag", "Tag…")}{archived ? button("unarchive", "Take back") : button("archive", "Archive")}{button("delete", "Delete")}
          <Pop label="More to do with them" glyph="more" bare>{(close) => (
            <>
              <button type="button" class="choice" onClick={() => { close(); void at("unstar"); }}>Take the star away</button>
              <button type="button" class="choice" onClick={() => { close(); void at("stop"); }}>Ask to stop</button>
              {archived ? <button type="button" class="choice" onClick={() => { close(); void at("archive"); }}>Archive</button> : <button type="button" class="choice" onClick={() => { close(); void at("unarchive"); }}>Take back from the archive</button>}
              {saves}
            </>
          )}</Pop>
          <button type="button" class="button main" disabled={selection.all !== null || selection.ids.length < 2} onClick={compare}><Glyph name="compare" />Compare</button>
        </>
      )}
      {asked ? <Ask action={asked} selection={selection} number={number} close={() => setAsked(null)} done={done} /> : null}
    </div>
  );
}

function Ask({ action, selection, number, close, done }: { action: Action; selection: Selection; number: number; close: () => void; done: () => void }) {
  const [tags, setTags] = useState("");
  const [said, setSaid] = useState<RunsActed | null>(null);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const [verb, word] = WORDS[action];
  useEffect(() => {
    if (action !== "tag") actOn(selection, action, {}, true).then(setSaid, (error: Error) => setProblem(error.message));
  }, []);
  const submit = async (event: Event) => {
    event.preventDefault();
    const wanted: Record<string, string | null> = {};
    if (action === "tag") {
      for (const line of tags.split("\n").map((one) => one.trim()).filter(Boolean)) {
        const at = line.indexOf("=");
        if (line.startsWith("-") && at < 0) wanted[line.slice(1).trim()] = null;
        else if (at < 1) return setProblem(`“${line}” is not a tag. Write it like team=delays, or -team to take it away.`);
        else wanted[line.slice(0, at).trim()] = line.slice(at + 1).trim();
      }
    }
    setBusy(true);
    try {
      const result = await actOn(selection, action, wanted);
      toast(`${count(result.changed, "run")} ${word}${result.freed_bytes === null ? "" : `, ${bytes(result.freed_bytes)} freed`}${result.waiting_bytes ? `; ${bytes(result.waiting_bytes)} more go with the next collection` : ""}.`);
      close();
      done();
    } catch (error) {
      setProblem((error as Error).message);
      setBusy(false);
    }
  };
  return (
    <Dialog title={`${verb} ${selection.all?.atLeast ? `${number.toLocaleString("en-US")}+ runs` : count(number, "run")}?`} close={close}>
      <form onSubmit={(event) => void submit(event)}>
        <div class="inside">
          {action === "tag" ? (
            <label class="field"><span>Tags</span><textarea class="input mono" rows={3} value={tags} onInput={(event) => setTags(event.currentTarget.value)} /><small>One a line, like team=delays. -team takes one away.</small></label>
          ) : said ? (
            <>
              <p>{said.changed === 0 ? "Nothing would change." : <><b>{count(said.changed, "run")}</b> will be {word}{said.matched > said.changed ? `; ${(said.matched - said.changed).toLocaleString("en-US")} are so already` : ""}.</>}</p>
              {said.names.length ? <p class="soft">{said.names.join(", ")}{said.changed > said.names.length ? ` and ${(said.changed - said.names.length).toLocaleString("en-US")} more` : ""}</p> : null}
              {said.freed_bytes !== null ? <p>{bytes(said.freed_bytes)} will be freed{said.waiting_bytes ? `, and ${bytes(said.waiting_bytes)} stored in the last hour with a later collection` : ""}. This cannot be undone.</p> : null}
            </>
          ) : problem ? null : <p class="soft">Looking what would happen…</p>}
          {problem ? <p class="bad" role="alert">{problem}</p> : null}
        </div>
        <footer><button type="button" class="button" onClick={close}>Cancel</button><button type="submit" class="button main" disabled={busy || (action === "tag" ? !tags.trim() : !said?.changed)}>{verb}</button></footer>
      </form>
    </Dialog>
  );
}
