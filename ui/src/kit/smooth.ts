// Smoothing of curves.

const VIEW = 1000;

/**
 * Exponential moving average weighted by distance on x, without the pull to the first value (Kingma & Ba 2015, section 3).
 * What lies a thousandth of the span back counts `weight`, whatever the density of points; gaps stay gaps.
 */
export function smoothed(xs: number[], ys: (number | null)[], weight: number, span?: number): (number | null)[] {
  const near = fading(xs, weight, span ?? (xs.at(-1)! - xs[0]! || 1));
  let mean = 0;
  let share = 0;
  let kept = 0; // of what was before, since the last value
  return ys.map((y, i) => {
    kept *= near[i]!;
    if (y === null || !Number.isFinite(y)) return y;
    mean = mean * kept + y * (1 - weight);
    share = share * kept + (1 - weight);
    kept = 1;
    return mean / share;
  });
}

const known = new WeakMap<number[], { weight: number; span: number; near: Float64Array }>();

/** What is left of the past from each place to the next; kept for the axis, which hundreds of lines may share. */
function fading(xs: number[], weight: number, span: number): Float64Array {
  const old = known.get(xs);
  if (old?.weight === weight && old.span === span) return old.near;
  const near = new Float64Array(xs.length);
  for (let i = 1; i < xs.length; i++) near[i] = weight ** (((xs[i]! - xs[i - 1]!) / span) * VIEW);
  known.set(xs, { weight, span, near });
  return near;
}
