import type { Notebook } from '@jupyterlab/notebook';

/**
 * Let a right click make its cell the active one, unless it is among the selected: the menu's
 * commands are about the active cell, which JupyterLab leaves where it was.
 */
export function activateOnContextMenu(notebook: Notebook): void {
  notebook.node.addEventListener(
    'contextmenu',
    event => {
      const index = notebook.widgets.findIndex(cell =>
        cell.node.contains(event.target as Node)
      );
      if (index >= 0 && !notebook.isSelectedOrActive(notebook.widgets[index])) {
        notebook.deselectAll();
        notebook.activeCellIndex = index;
      }
    },
    { capture: true }
  );
}
