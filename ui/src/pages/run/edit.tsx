// A run's name and tags by hand.
import { useState } from "preact/hooks";
import { call } from "../../kit/api";
import { Dialog, toast } from "../../kit/dialog";
import type { RunDetail } from "../../wire";

export function Edit({ detail, close, done }: { detail: RunDetail; close: () => void; done: () => void }) {
  const [name, setName] = useState(detail.run.name);
  const [tags, setTags] = useState(Object.entries(detail.run.tags).map(([k, v]) => `${k}=${v}`).join("\n"));
  const [problem, setProblem] = useState("");
  const save = async (event: Event) => {
    event.preventDefault();
    const wanted: Record<string, string | null> = Object.fromEntries(Object.keys(detail.run.tags).map((key) => [key, null]));
    for (const line of tags.split("\n").map((one) => one.trim()).filter(Boolean)) {
      const at = line.indexOf("=");
      if (at < 1) return setProblem(`“${line}” is not a tag. Write it like team=delays.`);
      wanted[line.slice(0, at).trim()] = line.slice(at + 1).trim();
    }
    try {
      await call("PATCH", `/runs/${detail.run.id}`, { name, tags: wanted });
      toast("Saved.");
      done();
      close();
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return (
    <Dialog title="Edit the run" close={close}>
      <form onSubmit={(event) => void save(event)}>
        <div class="inside">
          <label class="field"><span>Name</span><input class="input" type="text" value={name} maxLength={200} onInput={(event) => setName(event.currentTarget.value)} /></label>
          <label class="field"><span>Tags</span><textarea class="input mono" rows={3} value={tags} onInput={(event) => setTags(event.currentTarget.value)} /><small>One a line, like team=delays.</small></label>
          {problem ? <p class="bad" role="alert">{problem}</p> : null}
        </div>
        <footer><button type="button" class="button" onClick={close}>Cancel</button><button type="submit" class="button main">Save</button></footer>
      </form>
    </Dialog>
  );
}
