// Small drawings of numbers: a histogram, a sparkline.
import { number } from "./format";

/** A histogram; `edges` has one more than `counts`. */
export function Bars({ counts, edges, label, width = 120, height = 28 }: { counts: number[]; edges?: number[]; label: string; width?: number; height?: number }) {
  const most = Math.max(1, ...counts);
  const says = edges?.length ? `${label}: ${counts.length} bins from ${number(edges[0])} to ${number(edges.at(-1))}` : label;
  return (
    <svg class="glyph" width={width} height={height} role="img" aria-label={says} viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none">
      <title>{says}</title>
      {counts.map((count, i) => {
        const h = count ? Math.max(1, (count / most) * (height - 1)) : 0;
        const w = width / counts.length;
        return <rect key={i} x={i * w} y={height - h} width={Math.max(0.5, w - (w > 3 ? 1 : 0))} height={h} fill="var(--series-0)" opacity="0.8" />;
      })}
      <line x1="0" x2={width} y1={height - 0.5} y2={height - 0.5} stroke="var(--line-strong)" stroke-width="1" />
    </svg>
  );
}

export function Spark({ values, label, width = 96, height = 20 }: { values: (number | null)[]; label: string; width?: number; height?: number }) {
  const seen = values.filter((v): v is number => v !== null);
  if (seen.length < 2) return null;
  const [low, high] = [Math.min(...seen), Math.max(...seen)];
  const points = values.flatMap((v, i) => (v === null ? [] : [[(i / (values.length - 1)) * (width - 4) + 2, height - 2 - ((v - low) / (high - low || 1)) * (height - 4)] as const]));
  const end = points.at(-1)!;
  return (
    <svg class="spark" width={width} height={height} role="img" aria-label={`${label}: from ${number(seen[0])} to ${number(seen.at(-1))}`}>
      <polyline points={points.map((p) => p.join()).join(" ")} fill="none" stroke="var(--series-0)" stroke-width="1.3" stroke-linejoin="round" />
      <circle cx={end[0]} cy={end[1]} r="2" fill="var(--series-0)" />
    </svg>
  );
}
