// A state as a word with a shape, so that colour never says it alone.
type Tone = "good" | "warn" | "bad" | "live" | "rest";
type Shape = "check" | "cross" | "ring" | "turning" | "square" | "query" | "bolt" | "dash" | "triangle" | "disc";

const STATES: Record<string, [Tone, Shape]> = {
  created: ["rest", "ring"], waiting: ["rest", "ring"], ready: ["rest", "disc"], running: ["live", "turning"], finished: ["good", "check"],
  cached: ["good", "bolt"], failed: ["bad", "cross"], killed: ["warn", "square"], cancelled: ["warn", "square"], lost: ["warn", "query"],
  skipped: ["rest", "dash"], passed: ["good", "check"], blessed: ["good", "check"], refused: ["bad", "cross"], "not passed": ["bad", "cross"],
  alarm: ["bad", "triangle"], drift: ["warn", "triangle"], warning: ["warn", "triangle"], ok: ["good", "check"], live: ["live", "disc"],
  recovered: ["warn", "triangle"], new: ["good", "check"], changed: ["good", "check"], again: ["good", "check"],
  stopped: ["rest", "square"], error: ["bad", "cross"], info: ["live", "disc"], unknown: ["rest", "query"],
};

const COLOURS: Record<Tone, string> = { good: "var(--good)", warn: "var(--warn)", bad: "var(--bad)", live: "var(--live)", rest: "var(--faint)" };

export const toneOf = (state: string): Tone => STATES[state]?.[0] ?? "rest";
export const colourOf = (state: string): string => COLOURS[toneOf(state)];

/** The shape alone, as SVG content 12 by 12, for graphs; it takes `currentColor`. */
export function Shape({ state }: { state: string }) {
  const shape = STATES[state]?.[1] ?? "disc";
  const line = { fill: "none", stroke: "currentColor", "stroke-width": 1.8, "stroke-linecap": "round", "stroke-linejoin": "round" } as const;
  switch (shape) {
    case "check": return <path d="m2 6.5 2.7 2.7L10 3.2" {...line} />;
    case "cross": return <path d="m3 3 6 6m0-6-6 6" {...line} />;
    case "turning": return (
      <g>
        <circle cx="6" cy="6" r="4.2" fill="none" stroke="currentColor" stroke-width="1.8" opacity="0.25" />
        <path class="turning" d="M6 1.8A4.2 4.2 0 0 1 10.2 6" {...line} />
      </g>
    );
    case "square": return <rect x="2.5" y="2.5" width="7" height="7" rx="1" fill="currentColor" />;
    case "query": return <path d="M4 4.400A2 2 0 1 1 6.600 6.100c-.4.2-.6.5-.6 1M6 9.600v.01" {...line} />;
    case "bolt": return <path d="M6.800 1 2.800 6.800H5.700L5.200 11l4-5.800H6.300z" fill="currentColor" />;
    case "dash": return <path d="M2.500 6h7" {...line} />;
    case "triangle": return <path d="M6 1.800 11 10.300H1zM6 5v2.200" {...line} stroke-width={1.5} />;
    case "disc": return <circle cx="6" cy="6" r="3.4" fill="currentColor" />;
    default: return <circle cx="6" cy="6" r="3.6" {...line} stroke-width={1.6} />;
  }
}

export function Badge({ state, tint, word }: { state: string; tint?: boolean; word?: string }) {
  return (
    <span class={`badge s-${toneOf(state)}${tint ? " tint" : ""}`}>
      <svg class="glyph" width="12" height="12" viewBox="0 0 12 12" aria-hidden="true"><Shape state={state} /></svg>
      {word ?? state}
    </span>
  );
}
