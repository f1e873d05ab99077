// Where we are: the URL as a signal. Plain <a href="/..."> links are followed without loading the page again.
import { signal } from "@preact/signals";
import { useCallback, useEffect } from "preact/hooks";

export const place = signal(read());

function read(): { path: string; query: URLSearchParams } {
  return { path: window.location.pathname, query: new URLSearchParams(window.location.search) };
}

/** Go to a URL of these pages; `replace` leaves no step in the history. */
export function go(url: string, { replace = false } = {}): void {
  const before = window.location.pathname;
  if (replace) window.history.replaceState(null, "", url);
  else window.history.pushState(null, "", url);
  place.value = read();
  if (window.location.pathname !== before) document.querySelector(".page")?.scrollTo(0, 0);
}

/** Follow links and the browser's own buttons. Called once. */
export function startRouter(): void {
  window.addEventListener("popstate", () => (place.value = read()));
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest?.("a");
    if (!link || link.target || link.hasAttribute("download") || link.origin !== window.location.origin) return;
    if (link.pathname.startsWith("/api/")) return;
    event.preventDefault();
    if (link.href !== window.location.href) go(link.pathname + link.search + link.hash);
  });
}

/** One value of page state, kept in the URL; the default is left out of it. */
export function useQuery(name: string, fallback = ""): [string, (value: string | null, options?: { push?: boolean }) => void] {
  const value = place.value.query.get(name) ?? fallback;
  const set = useCallback(
    (next: string | null, { push = false } = {}) => setQuery({ [name]: next === fallback ? null : next }, { push }),
    [name, fallback],
  );
  return [value, set];
}

/** Change several values of the URL at once; null or "" takes one out. */
export function setQuery(values: Record<string, string | null>, { push = false } = {}): void {
  const query = new URLSearchParams(window.location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  go(window.location.pathname + (text ? `?${text}` : ""), { replace: !push });
}

/** The window's title while this page is shown. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} · Tenfold` : "Tenfold";
  }, [title]);
}
