import type { ILabShell, JupyterFrontEnd } from '@jupyterlab/application';
import { SplitPanel, type Widget } from '@lumino/widgets';

/** Show a widget where there is room: Notebook 7's main area holds its one document only. */
export function place(
  app: JupyterFrontEnd,
  lab: ILabShell | null,
  widget: Widget
): void {
  const fresh = !widget.isAttached;
  if (fresh) {
    app.shell.add(widget, lab ? 'main' : 'down');
  }
  app.shell.activateById(widget.id);
  if (fresh && !lab) {
    openDown(widget);
  }
}

/** Notebook 7 shows the area below the document as a bare line of tabs until somebody drags it. */
function openDown(widget: Widget): void {
  for (let above = widget.parent; above; above = above.parent) {
    if (above instanceof SplitPanel && above.orientation === 'vertical') {
      above.setRelativeSizes([2, 3]);
      return;
    }
  }
}
