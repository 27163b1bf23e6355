import type { ILabShell, JupyterFrontEnd } from '@jupyterlab/application';
import type { Widget } from '@lumino/widgets';

/** Show a widget where there is room: Notebook 7's main area holds its one document only. */
export function place(
  app: JupyterFrontEnd,
  lab: ILabShell | null,
  widget: Widget
): void {
  if (!widget.isAttached) {
    app.shell.add(widget, lab ? 'main' : 'down');
  }
  app.shell.activateById(widget.id);
}
