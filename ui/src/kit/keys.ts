// Keyboard: one listener; pages and components say what a key does while they are shown. `?` lists what is there.
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

export interface Key {
  keys: string;
  says: string;
  act: (event: KeyboardEvent) => void;
  /** Also while a field has the focus. */
  always?: boolean;
}

export const known = signal<Key[]>([]);

/** Bind keys while the component is shown; later ones win. `keys` is like "j", "/" or "Ctrl+k". */
export function useKeys(keys: Key[]): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const mine = keys.map((key, i): Key => ({ ...key, act: (event) => latest.current[i]?.act(event) }));
    known.value = [...known.value, ...mine];
    return () => {
      known.value = known.value.filter((key) => !mine.includes(key));
    };
  }, [keys.map((key) => key.keys).join(" ")]);
}

function typing(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && (target as HTMLInputElement).type !== "checkbox";
}

/** Listen. Called once. */
export function startKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.altKey) return;
    const pressed = (event.ctrlKey || event.metaKey ? "Ctrl+" : "") + event.key;
    const busy = typing(event) || document.querySelector("dialog[open]") !== null;
    for (const key of [...known.value].reverse()) {
      if (key.keys !== pressed || (busy && !key.always)) continue;
      event.preventDefault();
      key.act(event);
      return;
    }
  });
}
