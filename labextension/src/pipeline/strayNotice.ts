import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import { moveToStep } from '../cells/edits';
import type { IStray } from '../cells/strays';
import type { NotebookPipeline } from './model';

/** Say that cells changed their step because others moved, and offer to take them back. */
export function noticeStrays(
  pipeline: NotebookPipeline,
  found: readonly IStray[],
  trans: TranslationBundle
): void {
  for (const { from, to, ids } of found) {
    const message = trans._n(
      '%1 cell that was part of step %2 now belongs to step %3.',
      '%1 cells that were part of step %2 now belong to step %3.',
      ids.length,
      from,
      to
    );
    Notification.info(message, {
      autoClose: 10_000,
      actions: [
        {
          label: trans.__('Keep in %1', from),
          callback: () => {
            const indexes = pipeline.cells.flatMap((cell, index) =>
              ids.includes(cell.id) ? [index] : []
            );
            pipeline.apply(moveToStep(pipeline.cells, indexes, from));
          }
        }
      ]
    });
  }
}
