// Who is at work: until servers know users, people say it once and the browser remembers.
import { signal } from "@preact/signals";

const KEY = "tenfold-who";

export const who = signal(localStorage.getItem(KEY) ?? "");

export function Who() {
  const set = (name: string) => {
    who.value = name.slice(0, 200);
    localStorage.setItem(KEY, who.value);
  };
  return <label class="field"><span>Your name</span><input class="input" type="text" autocomplete="name" value={who.value} onInput={(event) => set(event.currentTarget.value)} placeholder="Kept in the history" /></label>;
}
