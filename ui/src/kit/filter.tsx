// The field that narrows what a page shows; `/` goes to it.
import { useEffect, useRef, useState } from "preact/hooks";
import { useKeys } from "./keys";
import { Glyph } from "./glyphs";

/** `lazy`: takes the text on Enter or when the field is left, for searches that cost. */
export function Filter({ value, set, label, lazy, code, bad, hint, goes = "/" }: {
  value: string; set: (value: string) => void; label: string; lazy?: boolean; code?: boolean; bad?: boolean; hint?: string;
  /** The key that goes to it, where a page has two. */
  goes?: string;
}) {
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(value);
  useEffect(() => { if (document.activeElement !== field.current) setText(value); }, [value]); // while it is typed in, `value` runs behind
  useKeys([{ keys: goes, says: label, act: () => field.current?.select() }]);
  return (
    <form class="filter" role="search" aria-label={label} onSubmit={(event) => { event.preventDefault(); set(text.trim()); }}>
      <Glyph name="search" size={14} />
      <input ref={field} class={`input${code ? " code" : ""}`} type="text" value={text} aria-label={label} aria-invalid={bad ? true : undefined} placeholder={hint ?? label} spellcheck={false} autocomplete="off"
        onInput={(event) => { setText(event.currentTarget.value); if (!lazy) set(event.currentTarget.value); }}
        onBlur={() => lazy && text.trim() !== value && set(text.trim())}
        onKeyDown={(event) => { if (event.key === "Escape") { if (text) { setText(""); set(""); } else event.currentTarget.blur(); } }} />
      {text ? null : <kbd aria-hidden="true">{goes}</kbd>}
    </form>
  );
}
