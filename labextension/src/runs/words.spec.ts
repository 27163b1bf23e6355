import { nullTranslator } from '@jupyterlab/translation';

import { summary } from './samples';
import { ago, formatValue, headline, wasInterrupted } from './words';

const trans = nullTranslator.load('labwright');

describe('runs in words', () => {
  it.each([
    [0, 0, 'second'],
    [59, 59, 'second'],
    [60, 1, 'minute'],
    [7200, 2, 'hour'],
    [86_400, 1, 'day'],
    [40 * 86_400, 1, 'month']
  ] as const)('%d seconds ago', (seconds, count, unit) => {
    const iso = '2026-01-01T00:00:00.000Z';
    const format = new Intl.RelativeTimeFormat('en', {
      numeric: 'auto',
      style: 'narrow'
    });
    expect(ago(iso, Date.parse(iso) + seconds * 1000)).toBe(
      format.format(-count, unit)
    );
  });

  it('says what matters most of a run', () => {
    const progress = { total: 4, done: 1, cached: 1, running: 1, failed: 0 };
    const say = (more: Partial<ReturnType<typeof summary>>): string =>
      headline(summary(1, { progress, ...more }), trans);
    expect(say({ state: 'PENDING', reason: 'waits for 1 GPU' })).toBe(
      'waits for 1 GPU'
    );
    expect(say({ state: 'RUNNING' })).toBe('1 of 4 steps');
    expect(say({ state: 'FAILED', error: 'step a: E: x' })).toBe('step a: E: x');
    expect(say({})).toBe('4 steps, 1 from the cache');
    expect(say({ metrics: { accuracy: 0.912345678 } })).toBe('accuracy 0.91235');
    expect(say({ state: 'CANCELED' })).toBe('Cancelled');
  });

  it('shortens values, not their meaning', () => {
    expect([1, 0.1 + 0.2, 'x', true, null, [1]].map(formatValue)).toEqual([
      '1',
      '0.3',
      'x',
      'true',
      'null',
      '[1]'
    ]);
  });

  it('knows a run whose engine died', () => {
    const run = summary(1, {
      state: 'FAILED',
      error: 'step a: Interrupted: the engine ended'
    });
    expect(wasInterrupted(run)).toBe(true);
    expect(wasInterrupted({ ...run, error: 'step a: ValueError: x' })).toBe(false);
  });
});
