/** Where the bars and ticks of a run's timeline lie, as shares of its width. */
import type { Step } from '../api';
import { stepKey } from './detail';

export interface Bar {
  readonly key: string;
  readonly step: Step;
  /** Null: it has not started. */
  readonly start: number | null;
  readonly width: number;
  readonly seconds: number | null;
}

export interface Tick {
  readonly at: number;
  readonly seconds: number;
}

export interface Timeline {
  readonly bars: readonly Bar[];
  readonly ticks: readonly Tick[];
  readonly seconds: number;
}

const NICE = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400
];

export function time(iso: string | null): number | null {
  const value = iso === null ? NaN : Date.parse(iso);
  return Number.isNaN(value) ? null : value;
}

/** How long something took, or takes until now; null where it has not begun. */
export function secondsOf(
  span: { started_at: string | null; finished_at: string | null },
  now: number
): number | null {
  const start = time(span.started_at);
  return start === null
    ? null
    : Math.max(0, (time(span.finished_at) ?? now) - start) / 1000;
}

export function timeline(steps: readonly Step[], now: number, wanted = 6): Timeline {
  const spans = steps.map(step => {
    const start = time(step.started_at);
    const over = time(step.finished_at);
    return { step, start, end: start === null ? null : Math.max(start, over ?? now) };
  });
  const starts = spans.flatMap(span => (span.start === null ? [] : [span.start]));
  const ends = spans.flatMap(span => (span.end === null ? [] : [span.end]));
  const origin = starts.length ? Math.min(...starts) : now;
  const length = Math.max(1, (ends.length ? Math.max(...ends) : now) - origin);
  return {
    bars: spans.map(({ step, start, end }) => ({
      key: stepKey(step),
      step,
      start: start === null ? null : (start - origin) / length,
      width: start === null ? 0 : ((end as number) - start) / length,
      seconds: start === null ? null : ((end as number) - start) / 1000
    })),
    ticks: ticks(length / 1000, wanted),
    seconds: length / 1000
  };
}

function ticks(seconds: number, wanted: number): Tick[] {
  const least = seconds / wanted;
  // Below a second any power of ten, halved or not, reads well; above it people count in sixties.
  const power = 10 ** Math.floor(Math.log10(least));
  const step =
    least < 1
      ? ([1, 2, 5, 10].map(n => n * power).find(n => n >= least) as number)
      : (NICE.find(n => n >= least) ?? Math.ceil(least / 86400) * 86400);
  const found: Tick[] = [];
  for (let i = 0; i * step <= seconds; i++) {
    found.push({
      at: (i * step) / seconds,
      seconds: Number((i * step).toPrecision(6))
    });
  }
  return found;
}
