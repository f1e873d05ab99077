// Smoothing of curves.

const VIEW = 1000;

/**
 * Exponential moving average weighted by distance on x, without the pull to the first value (Kingma & Ba 2015, section 3).
 * What lies a thousandth of the span back counts `weight`, whatever the density of points; gaps stay gaps.
 */
export function smoothed(xs: number[], ys: (number | null)[], weight: number, span?: number): (number | null)[] {
  const whole = span ?? (xs.at(-1)! - xs[0]! || 1);
  let mean = 0;
  let share = 0;
  let before: number | null = null;
  return ys.map((y, i) => {
    if (y === null || !Number.isFinite(y)) return y;
    const kept = before === null ? 0 : weight ** Math.max(((xs[i]! - before) / whole) * VIEW, 0);
    before = xs[i]!;
    mean = mean * kept + y * (1 - weight);
    share = share * kept + (1 - weight);
    return mean / share;
  });
}
