/** Timetables in words. */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Schedule } from '../api';
import { formatDuration } from '../ui/format';

export type Described = { readonly words: string } | { readonly problem: string };

/**
 * What a cron says, in words; or what is wrong with it.
 *
 * It has the five fields of crontab, or six of which the first are seconds, as KFP takes them.
 */
export async function describeCron(
  cron: string,
  trans: TranslationBundle
): Promise<Described> {
  const text = cron.trim();
  if (!text) {
    return { problem: '' };
  }
  const fields = text.split(/\s+/).length;
  if (!text.startsWith('@') && fields !== 5 && fields !== 6) {
    return {
      problem: trans.__('Five fields, or six with seconds first; these are %1.', fields)
    };
  }
  const { default: cronstrue } = await import('cronstrue');
  try {
    const words = cronstrue.toString(text, {
      use24HourTimeFormat: true,
      verbose: true
    });
    return { words: trans.__('%1, in UTC', words) };
  } catch (error) {
    return { problem: reason(error) };
  }
}

/** When a schedule runs, in a line. */
export function timesOf(schedule: Schedule, trans: TranslationBundle): string {
  return schedule.cron !== null
    ? schedule.cron
    : trans.__('every %1', formatDuration(schedule.every ?? 0));
}

function reason(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  return words.replace(/^Error: /, '');
}

export const UNITS = { minutes: 60, hours: 3600, days: 86_400 } as const;
export type Unit = keyof typeof UNITS;

/** The seconds of an interval as a person types it; null where it is none. */
export function secondsOf(count: string, unit: Unit): number | null {
  const number = Number(count);
  const seconds = number * UNITS[unit];
  const good =
    count.trim() !== '' && Number.isInteger(number) && number > 0 && seconds < 2 ** 31;
  return good ? seconds : null;
}

/** A moment of a field of type `datetime-local`, which is the person's own time, in UTC. */
export function momentOf(text: string): string | null {
  return text ? new Date(text).toISOString() : null;
}
