// Live events from the server, one stream a page. A hidden page lets go of its stream, so that many open pages
// do not use up the browser's six connections to a host; when it is shown again everything is read afresh.
import { signal } from "@preact/signals";

export interface LiveEvent {
  seq: number;
  topic: string;
  id: string;
  at_ms: number;
  project?: string;
  action?: string;
}

export type Connection = "live" | "waiting" | "lost";
export const connection = signal<Connection>("waiting");

const followers = new Set<(event: LiveEvent) => void>();
let source: EventSource | null = null;
let wasLost = false;

/** Be told of each event; topic "*" means: anything may have changed. Gives the function that ends it. */
export function follow(listener: (event: LiveEvent) => void): () => void {
  followers.add(listener);
  return () => void followers.delete(listener);
}

function tell(event: LiveEvent): void {
  for (const listener of [...followers]) listener(event);
}

function open(): void {
  source = new EventSource("/api/v1/events");
  source.onopen = () => {
    connection.value = "live";
    if (wasLost) tell({ seq: 0, topic: "*", id: "", at_ms: Date.now() });
    wasLost = false;
  };
  source.onerror = () => {
    connection.value = "lost";
    wasLost = true;
    if (source?.readyState === EventSource.CLOSED) {
      close();
      window.setTimeout(() => !document.hidden && !source && open(), 2000);
    }
  };
  source.addEventListener("changes", (message: MessageEvent<string>) => {
    for (const event of JSON.parse(message.data) as LiveEvent[]) tell(event);
  });
  source.addEventListener("gap", () => tell({ seq: 0, topic: "*", id: "", at_ms: Date.now() }));
}

function close(): void {
  source?.close();
  source = null;
}

/** Open the stream, and close it while the page is hidden. Called once. */
export function startLive(): void {
  let timer = 0;
  open();
  document.addEventListener("visibilitychange", () => {
    window.clearTimeout(timer);
    if (document.hidden) timer = window.setTimeout(() => { close(); wasLost = true; }, 5000);
    else if (!source) open();
  });
  window.addEventListener("pagehide", close);
}
