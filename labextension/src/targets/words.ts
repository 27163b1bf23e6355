/** Targets in words. */
import type { TranslationBundle } from '@jupyterlab/translation';

import { LOCAL, type Target } from '../api';

export function targetLabel(name: string, trans: TranslationBundle): string {
  return name === LOCAL ? trans.__('This machine') : name;
}

/** The same where one is chosen from several. */
export function choiceLabel(
  { name, available }: Pick<Target, 'name' | 'available'>,
  trans: TranslationBundle
): string {
  const label = targetLabel(name, trans);
  return available ? label : trans.__('%1 (does not answer)', label);
}

/** What the target is: its size, or where it is and whose. */
export function placeText(target: Target, trans: TranslationBundle): string {
  if (!target.available) {
    return trans.__('Does not answer: %1', target.reason ?? '');
  }
  const gpus = target.gpus?.length ?? 0;
  const parts =
    target.kind === 'local'
      ? [
          target.cpus ? trans._n('%1 CPU', '%1 CPUs', target.cpus) : '',
          target.memory_bytes ? `${Math.round(target.memory_bytes / 2 ** 30)} GiB` : '',
          gpus > 0 ? trans._n('%1 GPU', '%1 GPUs', gpus) : ''
        ]
      : [
          target.where,
          target.namespace ? trans.__('namespace %1', target.namespace) : '',
          target.version ? trans.__('version %1', target.version) : ''
        ];
  return parts.filter(Boolean).join(', ');
}

/** What to know before a pipeline is run there: what is not as it is on this machine. */
export function limits(target: Target, trans: TranslationBundle): string[] {
  const { capabilities, remarks = [] } = target;
  const said = [...remarks];
  if (!capabilities.own_machine) {
    said.push(
      trans.__(
        'Files of this machine are not there: a step has what it is given, and its image.'
      )
    );
  }
  if (!capabilities.watches_files) {
    said.push(
      trans.__(
        'Its cache does not see files that a step reads: a step with volumes always runs.'
      )
    );
  }
  if (!capabilities.resume) {
    said.push(trans.__('A run that was cancelled cannot be resumed.'));
  }
  if (!capabilities.live_logs) {
    said.push(trans.__('Logs are there once a step is over.'));
  }
  return said;
}
