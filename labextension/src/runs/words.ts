/** Runs and values in words. */
import { Time } from '@jupyterlab/coreutils';
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

export function ago(iso: string): string {
  return Time.formatHuman(new Date(iso), 'narrow');
}

export function moment(iso: string): string {
  return Time.format(new Date(iso));
}

/** Whether the engine died under it, so that going on is the thing to do. */
export function wasInterrupted(run: RunSummary): boolean {
  return run.state === 'FAILED' && /\bInterrupted\b/.test(run.error ?? '');
}
