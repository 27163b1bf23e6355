import type { INotebookModel } from '@jupyterlab/notebook';
import type { PartialJSONObject } from '@lumino/coreutils';

import type { NotebookSource } from '../api/client';
import type { ICellState } from '../cells/marks';
import type { IEdit } from '../cells/draft';

/** What the pipeline depends on, and one text that changes with it and with nothing else. */
export interface ISnapshot {
  readonly cells: readonly ICellState[];
  readonly source: NotebookSource;
  readonly fingerprint: string;
}

/** The notebook as it stands in the editor, without outputs: they are large and say nothing. */
export function snapshot(model: INotebookModel, path: string): ISnapshot {
  const cells: ICellState[] = [];
  const written: PartialJSONObject[] = [];
  for (const cell of model.sharedModel.cells) {
    const metadata = cell.getMetadata() as PartialJSONObject;
    const source = cell.getSource();
    const kind =
      cell.cell_type === 'code' || cell.cell_type === 'markdown'
        ? cell.cell_type
        : 'raw';
    cells.push({
      id: cell.getId(),
      kind,
      tags: texts(metadata.tags),
      settings: isObject(metadata.labwright) ? metadata.labwright : null,
      source
    });
    const rest = kind === 'code' ? { execution_count: null, outputs: [] } : {};
    written.push({ cell_type: kind, id: cell.getId(), metadata, source, ...rest });
  }
  const content = {
    cells: written,
    metadata: model.sharedModel.getMetadata() as PartialJSONObject,
    nbformat: 4,
    nbformat_minor: 5
  };
  return {
    cells,
    source: { path, content: content as NotebookSource['content'] },
    fingerprint: JSON.stringify(content)
  };
}

/** Write an edit as one step that "Undo Cell Operation" takes back. */
export function applyEdit(model: INotebookModel, edit: IEdit): void {
  const notebook = model.sharedModel;
  // Else it would be one with what was done within the last half second.
  const { undoManager } = notebook as { undoManager?: { stopCapturing(): void } };
  undoManager?.stopCapturing();
  notebook.transact(() => {
    for (const change of edit.changes) {
      const cell = notebook.getCell(change.index);
      if (change.tags) {
        if (change.tags.length > 0) {
          cell.setMetadata('tags', [...change.tags]);
        } else {
          cell.deleteMetadata('tags');
        }
      }
      if (change.settings) {
        cell.setMetadata('labwright', change.settings);
      } else if (change.settings === null) {
        cell.deleteMetadata('labwright');
      }
      if (change.source !== undefined) {
        cell.setSource(change.source);
      }
    }
  });
  undoManager?.stopCapturing();
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter(one => typeof one === 'string') : [];
}

function isObject(value: unknown): value is PartialJSONObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
