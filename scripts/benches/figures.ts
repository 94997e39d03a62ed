export type Figure = readonly [name: string, value: number, unit: string];

/** The mean of the two in the middle where there is none. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Nearest rank; NaN of nothing. */
export function quantileOf(numbers: readonly number[], q: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(q * sorted.length - 1e-9)) - 1] ?? Number.NaN;
}

/**
 * The largest share of failures that `failures` of `trials` leave possible (95 %, one-sided; Clopper and Pearson):
 * with none it is the rule of three.
 */
export function shareBound(failures: number, trials: number): number {
  if (trials === 0 || failures >= trials) return 1;
  let low = failures / trials;
  let high = 1;
  for (let n = 0; n < 60; n++) {
    const middle = (low + high) / 2;
    if (atMost(failures, trials, middle) > 0.05) low = middle;
    else high = middle;
  }
  return high;
}

/** Probability of `most` or fewer of `trials`, each with probability `p`; terms by their logarithms. */
function atMost(most: number, trials: number, p: number): number {
  let log = trials * Math.log1p(-p);
  let sum = Math.exp(log);
  for (let k = 1; k <= most; k++) {
    log += Math.log((trials - k + 1) / k) + Math.log(p) - Math.log1p(-p);
    sum += Math.exp(log);
  }
  return sum;
}

/** One `name: value unit` a line. */
export function print(figures: readonly Figure[]): void {
  for (const [name, value, unit] of figures) {
    const text = Number.isInteger(value) ? String(value) : value.toPrecision(4);
    process.stdout.write(`${name}: ${text} ${unit}\n`);
  }
}
