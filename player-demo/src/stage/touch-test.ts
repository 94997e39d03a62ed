/** A grid of targets over the whole screen; every one of them has to be reached by a finger. */
export interface Grid {
  readonly columns: number;
  readonly rows: number;
}

export interface TouchTest {
  readonly grid: Grid;
  readonly reached: ReadonlySet<number>;
  /** Pointers that are down, by id. */
  readonly down: ReadonlySet<number>;
  readonly mostAtOnce: number;
  /** From a touch to the picture that shows it, milliseconds. */
  readonly latencies: readonly number[];
  /** What kind of pointer reached them. */
  readonly kinds: ReadonlySet<string>;
}

export type TestEvent =
  | { readonly kind: 'down'; readonly pointer: number; readonly type: string; readonly cell: number }
  | { readonly kind: 'over'; readonly pointer: number; readonly cell: number }
  | { readonly kind: 'up'; readonly pointer: number }
  | { readonly kind: 'painted'; readonly afterMs: number }
  | { readonly kind: 'again'; readonly grid: Grid };

const TARGET_PX = 96;
const KEPT = 200;

/** Targets about as large as a fingertip's reach, over a screen of that size. */
export const gridFor = (width: number, height: number): Grid => ({
  columns: Math.min(24, Math.max(4, Math.round(width / TARGET_PX))),
  rows: Math.min(16, Math.max(3, Math.round(height / TARGET_PX))),
});

export const newTest = (grid: Grid): TouchTest => ({
  ...{ grid, reached: new Set(), down: new Set(), mostAtOnce: 0, latencies: [], kinds: new Set() },
});

/** The target below a point, given as shares of width and height. */
export const cellAt = ({ columns, rows }: Grid, x: number, y: number): number =>
  Math.min(rows - 1, Math.max(0, Math.floor(y * rows))) * columns +
  Math.min(columns - 1, Math.max(0, Math.floor(x * columns)));

export function nextTest(test: TouchTest, event: TestEvent): TouchTest {
  switch (event.kind) {
    case 'down': {
      const down = new Set(test.down).add(event.pointer);
      return {
        ...{ ...test, down, mostAtOnce: Math.max(test.mostAtOnce, down.size) },
        reached: new Set(test.reached).add(event.cell),
        kinds: new Set(test.kinds).add(event.type),
      };
    }
    case 'over':
      if (!test.down.has(event.pointer) || test.reached.has(event.cell)) return test;
      return { ...test, reached: new Set(test.reached).add(event.cell) };
    case 'up': {
      const down = new Set(test.down);
      return down.delete(event.pointer) ? { ...test, down } : test;
    }
    case 'painted':
      return { ...test, latencies: [...test.latencies, event.afterMs].slice(-KEPT) };
    case 'again':
      return newTest(event.grid);
  }
}

export interface Verdict {
  readonly kind: 'running' | 'passed' | 'failed';
  readonly title: string;
  readonly lines: readonly string[];
}

const SLOW_MS = 100;

/** @param finished the person says that no more can be reached. */
export function verdictOf(test: TouchTest, finished: boolean): Verdict {
  const total = test.grid.columns * test.grid.rows;
  const missing = total - test.reached.size;
  const latency = median(test.latencies);
  const slow = latency !== null && latency > SLOW_MS;
  const facts = [
    `${test.reached.size} of ${total} targets reached${test.kinds.has('mouse') ? ', some by mouse' : ''}`,
    test.mostAtOnce === 0 ? 'No finger yet' : `${test.mostAtOnce} at once`,
    latency === null ? 'No delay measured yet' : `${Math.round(latency)} ms from touch to picture`,
  ];
  if (missing > 0 && !finished) return { kind: 'running', title: 'Wipe over every target', lines: facts };
  if (missing === 0 && !slow) return { kind: 'passed', title: 'Touch test passed', lines: facts };
  const why = [
    ...(missing > 0 ? [`Dead: ${missing} targets, ${placesOf(test)}`] : []),
    ...(slow ? [`Slow: more than ${SLOW_MS} ms`] : []),
  ];
  return { kind: 'failed', title: 'Touch test failed', lines: [...why, ...facts] };
}

/** Where most of what was not reached lies, in words. */
function placesOf({ grid, reached }: TouchTest): string {
  const counts = new Map<string, number>();
  for (let cell = 0; cell < grid.columns * grid.rows; cell++) {
    if (reached.has(cell)) continue;
    const x = ((cell % grid.columns) + 0.5) / grid.columns;
    const y = (Math.floor(cell / grid.columns) + 0.5) / grid.rows;
    const row = y < 1 / 3 ? 'top' : y > 2 / 3 ? 'bottom' : 'middle';
    const column = x < 1 / 3 ? 'left' : x > 2 / 3 ? 'right' : 'centre';
    const place = `${row} ${column}`;
    counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  const most = [...counts].sort(([, a], [, b]) => b - a).slice(0, 3);
  return most.map(([place, count]) => `${place} ${count}`).join(', ');
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
