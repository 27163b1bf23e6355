import type { Cell } from '@jupyterlab/cells';
import type { Drag } from '@lumino/dragdrop';
import type { Widget } from '@lumino/widgets';

const CELLS = 'application/vnd.jupyter.cells';
const OVER = 'jp-lw-mod-dropTarget';

/** Let cells of a notebook be dropped on whatever shows a step in `widget`. */
export function acceptCells(
  widget: Widget,
  drop: (cells: readonly Cell[], step: string) => void
): void {
  let over: Element | null = null;
  const mark = (target: Element | null): void => {
    over?.classList.remove(OVER);
    over = target;
    over?.classList.add(OVER);
  };
  const stepAt = (event: Drag.Event): HTMLElement | null => {
    // The event's own target may be the drag's image or a layer above the graph.
    const under = document.elementsFromPoint(event.clientX, event.clientY);
    const found = under.map(one => one.closest<HTMLElement>('[data-lw-step]'));
    return found.find(one => one && widget.node.contains(one)) ?? null;
  };
  const handle = (raw: Event): void => {
    const event = raw as Drag.Event;
    if (!event.mimeData.hasData(CELLS)) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    const target = event.type === 'lm-dragleave' ? null : stepAt(event);
    if (event.type === 'lm-drop') {
      const cells = event.mimeData.getData('internal:cells') as Cell[] | undefined;
      // Nothing leaves the notebook: only tags change.
      event.dropAction = target ? event.proposedAction : 'none';
      mark(null);
      if (target && cells) {
        drop(cells, target.dataset.lwStep!);
      }
      return;
    }
    event.dropAction = target ? event.proposedAction : 'none';
    mark(target);
  };
  for (const type of ['lm-dragenter', 'lm-dragover', 'lm-dragleave', 'lm-drop']) {
    widget.node.addEventListener(type, handle);
  }
}
