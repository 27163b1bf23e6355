import type { Dialog } from '@jupyterlab/apputils';

/**
 * Let Tab go from a dialog's last button to its first field.
 *
 * JupyterLab looks for the first field before React has drawn any, and finds a button: Tab would
 * go round and round between the buttons.
 */
export function tabToFields(dialog: Dialog<unknown>): void {
  dialog.node.addEventListener(
    'keydown',
    event => {
      const buttons = dialog.node.querySelectorAll('.jp-Dialog-footer button');
      const first = dialog.node.querySelector<HTMLElement>(
        '.jp-Dialog-body :is(input, select, textarea, button):not(:disabled)'
      );
      if (
        event.key === 'Tab' &&
        !event.shiftKey &&
        first &&
        document.activeElement === buttons[buttons.length - 1]
      ) {
        event.preventDefault();
        event.stopImmediatePropagation();
        first.focus();
      }
    },
    { capture: true }
  );
}
