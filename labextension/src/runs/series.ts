/** A metric over runs, as points of a plot. */
import type { RunSummary } from '../api';
import { newestFirst } from './listing';

export interface Point {
  readonly run: RunSummary;
  readonly x: number;
  readonly y: number;
}

export interface Axis {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
}

/** Runs of the same pipeline: of the same notebook, or where there is none, of the same name. */
export function siblings(run: RunSummary, runs: Iterable<RunSummary>): RunSummary[] {
  const same = (other: RunSummary): boolean =>
    run.notebook === null
      ? other.notebook === null && other.name === run.name
      : other.notebook === run.notebook;
  return [...runs].filter(same).sort((a, b) => -newestFirst(a, b));
}

/** Names of the numbers that at least one of the runs has, sorted. */
export function numbersOf(
  runs: readonly RunSummary[],
  of: 'metrics' | 'parameters'
): string[] {
  const names = new Set<string>();
  for (const run of runs) {
    for (const [name, value] of Object.entries(run[of])) {
      if (isNumber(value)) {
        names.add(name);
      }
    }
  }
  return [...names].sort();
}

/** The points, from left to right; `over` is a parameter, or null for the runs in their order. */
export function points(
  runs: readonly RunSummary[],
  metric: string,
  over: string | null = null
): Point[] {
  const found: Point[] = [];
  for (const run of runs) {
    const y = run.metrics[metric];
    const x = over === null ? found.length + 1 : run.parameters[over];
    if (isNumber(y) && isNumber(x)) {
      found.push({ run, x, y });
    }
  }
  return over === null ? found : found.sort((a, b) => a.x - b.x);
}

/** An axis that holds all values, with round numbers on it. */
export function axis(values: readonly number[], wanted = 5, whole = false): Axis {
  let low = Math.min(...values);
  let high = Math.max(...values);
  if (!values.length) {
    [low, high] = [0, 1];
  } else if (low === high) {
    const room = low === 0 ? 1 : Math.abs(low) * 0.1;
    [low, high] = [low - room, high + room];
  }
  const least = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(least));
  let step = [1, 2, 5, 10].map(n => n * power).find(n => n >= least * 0.999) as number;
  if (whole) {
    step = Math.max(1, Math.round(step));
  }
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  const ticks: number[] = [];
  for (let i = first; i <= last; i++) {
    ticks.push(Number((i * step).toPrecision(12)));
  }
  return { low: ticks[0], high: ticks[ticks.length - 1], ticks };
}

export function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
