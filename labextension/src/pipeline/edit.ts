import { Notification } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';

import {
  applySuggestions,
  CellRole,
  clearMarks,
  followersOf,
  mergeAbove,
  moveToStep,
  renameStep,
  setRole,
  startStep,
  stepAbove
} from '../cells/edits';
import type { IEdit } from '../cells/draft';
import { confirmEdit } from '../dialogs/confirm';
import { askStepName } from '../dialogs/stepName';
import { askSuggestions } from '../dialogs/suggest';
import type { IWorkbench } from '../tokens';
import type { NotebookPipeline } from './model';

/** The indexes of the selected code cells. */
export function selection(panel: NotebookPanel): number[] {
  const { content } = panel;
  return content.widgets.flatMap((cell, index) =>
    content.isSelectedOrActive(cell) && cell.model.type === 'code' ? [index] : []
  );
}

/** The gestures on cells: each works out an edit, asks where it must, and makes it. */
export class Editing {
  constructor(private readonly _workbench: IWorkbench) {}

  /** Name the step that the cells begin. */
  async nameStep(
    pipeline: NotebookPipeline,
    indexes: readonly number[]
  ): Promise<void> {
    const { trans } = this._workbench;
    const { marks, cells, steps } = pipeline;
    const mark = marks[indexes[0]];
    if (!mark) {
      return;
    }
    const last = indexes[indexes.length - 1];
    const named = marks.some(one => one.starts);
    const value = await askStepName({
      title:
        indexes.length > 1
          ? trans.__('Step of these cells')
          : trans.__('Step of this cell'),
      name: mark.starts ? (mark.step ?? '') : '',
      steps: named ? steps : [],
      // Without any step so far all cells below belong to the first one.
      followers: named ? followersOf(marks, last).length : 0,
      joins: true,
      accept: trans.__('Mark'),
      trans
    });
    if (value) {
      await this._make(
        pipeline,
        startStep(cells, indexes, value.name, value.followers)
      );
    }
  }

  async rename(pipeline: NotebookPipeline, step: string): Promise<void> {
    const { trans } = this._workbench;
    const value = await askStepName({
      title: trans.__('Rename step %1', step),
      name: step,
      steps: pipeline.steps,
      followers: 0,
      joins: false,
      accept: trans.__('Rename'),
      trans
    });
    if (value && value.name !== step) {
      await this._make(pipeline, renameStep(pipeline.cells, step, value.name));
    }
  }

  move(
    pipeline: NotebookPipeline,
    indexes: readonly number[],
    step: string
  ): Promise<void> {
    return this._make(pipeline, moveToStep(pipeline.cells, indexes, step));
  }

  canMerge(pipeline: NotebookPipeline, index: number): boolean {
    return stepAbove(pipeline.marks, index) !== null;
  }

  merge(pipeline: NotebookPipeline, index: number): Promise<void> {
    return this._make(pipeline, mergeAbove(pipeline.cells, index));
  }

  /** Give the cells a role, or take it away where the first has it already. */
  toggleRole(
    pipeline: NotebookPipeline,
    indexes: readonly number[],
    role: CellRole
  ): Promise<void> {
    const has = this.hasRole(pipeline, indexes[0], role);
    return this._make(pipeline, setRole(pipeline.cells, indexes, has ? null : role));
  }

  hasRole({ marks }: NotebookPipeline, index: number, role: CellRole): boolean {
    const mark = marks[index];
    return role === 'metrics' ? mark?.metrics === true : mark?.role === role;
  }

  async suggest(pipeline: NotebookPipeline): Promise<void> {
    const { client, trans } = this._workbench;
    const suggestions = await client.suggest(await pipeline.source());
    if (suggestions.length === 0) {
      Notification.info(
        trans.__(
          'Nothing to suggest: the notebook has steps already, or too few headings to go by.'
        ),
        { autoClose: 5000 }
      );
      return;
    }
    const chosen = await askSuggestions(suggestions, pipeline.cells, trans);
    if (chosen) {
      await this._make(pipeline, applySuggestions(pipeline.cells, chosen));
    }
  }

  clear(pipeline: NotebookPipeline): Promise<void> {
    return this._make(pipeline, clearMarks(pipeline.cells));
  }

  private async _make(pipeline: NotebookPipeline, edit: IEdit): Promise<void> {
    if (edit.changes.length > 0 && (await confirmEdit(edit, this._workbench.trans))) {
      pipeline.apply(edit);
    }
  }
}
