import type { Dialog } from '@jupyterlab/apputils';

/** Let a dialog be accepted, or not while what it holds is not right. */
export function allowAccept(dialog: Dialog<unknown>, allowed: boolean): void {
  const { node } = dialog;
  const accept = node.querySelector<HTMLButtonElement>(
    '.jp-Dialog-footer .jp-mod-accept'
  );
  if (!accept) {
    return;
  }
  accept.disabled = !allowed;
  // A dialog puts the focus on this button, and one that is disabled cannot have it: the keyboard
  // would work on what is behind the dialog.
  const { activeElement } = document;
  if (!allowed && (activeElement === accept || !node.contains(activeElement))) {
    node.tabIndex = -1;
    node.focus();
  }
}
