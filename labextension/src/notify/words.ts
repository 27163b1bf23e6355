import type { TranslationBundle } from '@jupyterlab/translation';

import type { RunSummary } from '../api';
import { secondsOf } from '../runs/gantt';
import { formatDuration } from '../ui/format';

export interface Message {
  readonly text: string;
  readonly failed: boolean;
}

/** What to say of a run that ended; null where the person ended it and knows. */
export function messageOf(run: RunSummary, trans: TranslationBundle): Message | null {
  const seconds = secondsOf(run, Date.now());
  switch (run.state) {
    case 'SUCCEEDED':
      return {
        failed: false,
        text:
          seconds === null
            ? trans.__('%1 succeeded', run.name)
            : trans.__('%1 succeeded in %2', run.name, formatDuration(seconds))
      };
    case 'FAILED':
      return {
        failed: true,
        text: run.error
          ? trans.__('%1 failed: %2', run.name, run.error)
          : trans.__('%1 failed', run.name)
      };
    default:
      return null;
  }
}
