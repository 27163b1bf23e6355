/** Runs and values in words. */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { RunSummary, Step } from '../api';
import { stateLabel } from '../ui';

/** A parameter, metric or output, short enough for one line. */
export function formatValue(value: unknown): string {
  if (typeof value === 'number') {
    return Number.isInteger(value)
      ? String(value)
      : String(Number(value.toPrecision(5)));
  }
  if (typeof value === 'string') {
    return value;
  }
  return value === undefined ? '' : JSON.stringify(value);
}

export function stepTitle(step: Pick<Step, 'name' | 'iteration'>): string {
  return step.iteration == null ? step.name : `${step.name} [${step.iteration}]`;
}

/** What there is to say about a run in its second line. */
export function headline(run: RunSummary, trans: TranslationBundle): string {
  const { total, done, cached } = run.progress;
  switch (run.state) {
    case 'PENDING':
      return run.reason ?? stateLabel(run.state, trans);
    case 'RUNNING':
    case 'CANCELING':
      return trans.__('%1 of %2 steps', done, total);
    case 'FAILED':
      return run.error ?? stateLabel(run.state, trans);
    case 'SUCCEEDED': {
      const metrics = Object.entries(run.metrics);
      if (metrics.length) {
        return metrics
          .slice(0, 3)
          .map(([name, value]) => `${name} ${formatValue(value)}`)
          .join(' · ');
      }
      const steps = trans._n('%1 step', '%1 steps', total);
      return cached ? trans.__('%1, %2 from the cache', steps, cached) : steps;
    }
    default:
      return stateLabel(run.state, trans);
  }
}

// Lists ask for these on every row they draw, and making a formatter costs more than using it.
let language: string | undefined;
let relative: Intl.RelativeTimeFormat;
let absolute: Intl.DateTimeFormat;

function speak(): void {
  const now = document.documentElement.lang || 'en';
  if (now !== language) {
    language = now;
    relative = new Intl.RelativeTimeFormat(now, { numeric: 'auto', style: 'narrow' });
    absolute = new Intl.DateTimeFormat(now, {
      dateStyle: 'medium',
      timeStyle: 'medium'
    });
  }
}

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1]
];

/** `2 min ago`, in the language of the page. */
export function ago(iso: string, now = Date.now()): string {
  speak();
  const seconds = Math.max(0, Math.floor((now - Date.parse(iso)) / 1000));
  const [unit, size] = UNITS.find(([, least]) => seconds >= least) ?? ['second', 1];
  return relative.format(-Math.floor(seconds / size), unit);
}

export function moment(iso: string): string {
  speak();
  return absolute.format(new Date(iso));
}

/** Whether the engine died under it, so that going on is the thing to do. */
export function wasInterrupted(run: RunSummary): boolean {
  return run.state === 'FAILED' && /\bInterrupted\b/.test(run.error ?? '');
}
