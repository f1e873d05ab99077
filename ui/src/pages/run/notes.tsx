// A run's notes: Markdown, shown as the server made it safe, changed in place.
import { useState } from "preact/hooks";
import { call } from "../../kit/api";
import { toast } from "../../kit/dialog";
import { Glyph } from "../../kit/glyphs";
import { Prose } from "../../kit/prose";

export function Notes({ run, text, html, done }: { run: string; text: string; html: string; done: () => void }) {
  const [draft, setDraft] = useState<string | null>(null);
  const save = async () => {
    try {
      await call("PATCH", `/runs/${run}`, { notes: draft ?? "" });
      setDraft(null);
      done();
    } catch (error) {
      toast((error as Error).message, "bad");
    }
  };
  if (draft !== null) {
    return (
      <section class="section" style={{ maxWidth: "84ch" }}>
        <label class="field"><span>Notes</span>
          <textarea class="input mono" rows={Math.min(24, Math.max(6, draft.split("\n").length + 1))} value={draft} onInput={(event) => setDraft(event.currentTarget.value)}
            onKeyDown={(event) => { if (event.key === "Escape") setDraft(null); if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void save(); }} />
          <small>Markdown. Ctrl Enter saves, Escape leaves it as it was.</small>
        </label>
        <div class="row" style={{ marginTop: "8px" }}><button type="button" class="button main" onClick={() => void save()}>Save the notes</button><button type="button" class="button" onClick={() => setDraft(null)}>Cancel</button></div>
      </section>
    );
  }
  if (!text) return <p style={{ marginBottom: "8px" }}><button type="button" class="button bare" onClick={() => setDraft("")}><Glyph name="plus" size={14} />Write notes</button></p>;
  return (
    <section class="section notes" aria-label="Notes">
      <Prose html={html} />
      <button type="button" class="button bare" onClick={() => setDraft(text)}><Glyph name="pencil" size={14} />Change the notes</button>
    </section>
  );
}
