import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import type { IEdit, Warning } from '../cells/draft';

/** Whether to make an edit; asks only where it does more than was asked for. */
export async function confirmEdit(
  edit: IEdit,
  trans: TranslationBundle
): Promise<boolean> {
  if (edit.warnings.length === 0) {
    return true;
  }
  const list = document.createElement('ul');
  list.className = 'jp-lw-Confirm';
  for (const warning of edit.warnings) {
    const item = document.createElement('li');
    item.textContent = warningText(warning, trans);
    list.append(item);
  }
  const { button } = await showDialog({
    title: trans.__('This changes more than tags'),
    body: new Widget({ node: list }),
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Change') })]
  });
  return button.accept;
}

export function warningText(warning: Warning, trans: TranslationBundle): string {
  switch (warning.kind) {
    case 'line-removed':
      return trans.__(
        'The line `%1` of cell %2 is removed.',
        warning.line,
        warning.cell + 1
      );
    case 'line-changed':
      return trans.__(
        'The line `%1` of cell %2 gets the other name.',
        warning.line,
        warning.cell + 1
      );
    case 'line-moved':
      return trans.__(
        'The line `%1` moves from cell %2 to the next cell of its step.',
        warning.line,
        warning.cell + 1
      );
    case 'settings-dropped':
      return trans.__(
        'These settings of step %1 are lost: %2.',
        warning.step,
        warning.keys.join(', ')
      );
    case 'after-dropped':
      return trans.__(
        'Step %1 no longer waits for step %2.',
        warning.step,
        warning.gone
      );
  }
}
