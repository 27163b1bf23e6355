import type { Dialog } from '@jupyterlab/apputils';

/** Let a dialog be accepted, or not while what it holds is not right. */
export function allowAccept(dialog: Dialog<unknown>, allowed: boolean): void {
  const accept = dialog.node.querySelector<HTMLButtonElement>(
    '.jp-Dialog-footer .jp-mod-accept'
  );
  if (accept) {
    accept.disabled = !allowed;
  }
}
