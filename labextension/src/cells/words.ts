/** What a step's settings come to in a few words, for chips and lists. */

import type { TranslationBundle } from '@jupyterlab/translation';

export interface IBadge {
  readonly key: string;
  readonly text: string;
}

type Settings = Readonly<Record<string, unknown>>;

/** Settings worth a glance, the ones that change what runs first. */
export function badges(settings: Settings, trans: TranslationBundle): IBadge[] {
  const found: IBadge[] = [];
  const add = (key: string, text: string): void => {
    found.push({ key, text });
  };
  if (settings.when) {
    add('when', trans.__('when %1', String(settings.when)));
  }
  if (settings.foreach) {
    add('foreach', trans.__('for each %1', String(settings.foreach)));
  }
  if (settings.finally) {
    add('finally', trans.__('at the end'));
  }
  if (Array.isArray(settings.after) && settings.after.length > 0) {
    add('after', trans.__('after %1', settings.after.join(', ')));
  }
  const resources = object(settings.resources);
  const gpu = resources.gpu;
  const gpus = typeof gpu === 'object' && gpu !== null ? (object(gpu).count ?? 1) : gpu;
  if (gpus !== undefined && gpus !== null && String(gpus) !== '0') {
    add('gpu', trans.__('GPU %1', String(gpus)));
  }
  if (resources.cpu) {
    add('cpu', trans.__('CPU %1', String(resources.cpu)));
  }
  if (resources.memory) {
    add('memory', String(resources.memory));
  }
  const retry =
    typeof settings.retry === 'object' ? object(settings.retry).count : settings.retry;
  if (retry) {
    add('retry', trans.__('retry %1', String(retry)));
  }
  if (settings.timeout) {
    add('timeout', trans.__('at most %1', duration(settings.timeout)));
  }
  if (settings.cache === false) {
    add('cache', trans.__('never cached'));
  }
  if (settings.image) {
    add('image', String(settings.image));
  }
  return found;
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)
    : {};
}

/** Bare numbers are seconds. */
function duration(value: unknown): string {
  return /^[\d.]+$/.test(String(value)) ? `${String(value)} s` : String(value);
}
