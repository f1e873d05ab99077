// Dialogs on the browser's own <dialog>, and toasts.
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Glyph } from "./glyphs";

export function Dialog({ title, close, children, name }: { title: string; close: () => void; children: ComponentChildren; name?: string }) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    box.current?.showModal();
    return () => before?.focus?.();
  }, []);
  return (
    <dialog ref={box} class={`dialog ${name ?? ""}`} aria-label={title} onClose={close} onClick={(event) => event.target === box.current && close()}>
      {name === "palette" ? null : (
        <header>
          <h2>{title}</h2>
          <button type="button" class="button bare icon" aria-label="Close" onClick={close}><Glyph name="close" /></button>
        </header>
      )}
      {children}
    </dialog>
  );
}

interface Toast {
  id: number;
  text: string;
  tone: "good" | "bad";
}

const toasts = signal<Toast[]>([]);
let last = 0;

/** Say something in the corner: briefly when it went well, until closed when not. */
export function toast(text: string, tone: "good" | "bad" = "good"): void {
  const id = ++last;
  toasts.value = [...toasts.value.slice(-3), { id, text, tone }];
  if (tone === "good") window.setTimeout(() => drop(id), 4000);
}

function drop(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((one) => (
        <div key={one.id} class="toast">
          <span class={one.tone}><Glyph name={one.tone === "good" ? "check" : "close"} /></span>
          <p>{one.text}</p>
          <button type="button" class="button bare icon" aria-label="Dismiss" onClick={() => drop(one.id)}><Glyph name="close" size={14} /></button>
        </div>
      ))}
    </div>
  );
}
