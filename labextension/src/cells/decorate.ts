import type { Cell } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { DisposableDelegate, IDisposable } from '@lumino/disposable';
import type { PanelLayout } from '@lumino/widgets';

import type { NotebookPipeline } from '../pipeline/model';
import { cssColour } from '../pipeline/colours';
import { Chip, IChip } from './chip';
import type { ICellMark } from './marks';
import { badges } from './words';

/** Which cells carry a chip. */
export type ChipChoice = 'all' | 'first' | 'none';

export interface IDecoratorActions {
  /** The person pressed a cell's chip. */
  edit(panel: NotebookPanel, index: number): void;
  /** The person pressed what was found wrong in it. */
  remarks(panel: NotebookPanel, step: string | null): void;
}

/**
 * Keeps a chip and a coloured edge on each cell of a notebook.
 *
 * Cells come and go as widgets: a moved cell gets a new one, and one that was never in view has
 * no DOM yet. So each change goes through all cells, and what has not changed costs nothing.
 */
export class CellDecorator {
  constructor(
    private readonly _pipeline: NotebookPipeline,
    private readonly _trans: TranslationBundle,
    private readonly _actions: IDecoratorActions
  ) {
    _pipeline.changed.connect(this.update, this);
    this.update();
  }

  get choice(): ChipChoice {
    return this._choice;
  }

  set choice(choice: ChipChoice) {
    this._choice = choice;
    this.update();
  }

  update(): void {
    const { panel, marks, marked } = this._pipeline;
    if (panel.isDisposed || !panel.content) {
      return;
    }
    const widgets = new Map(panel.content.widgets.map(cell => [cell.model.id, cell]));
    const seen = new Set<string>();
    for (const mark of marks) {
      const cell = widgets.get(mark.id);
      if (cell) {
        this._decorate(cell, mark, marked && this._choice !== 'none', seen);
      }
    }
  }

  private _decorate(
    cell: Cell,
    mark: ICellMark,
    shown: boolean,
    seen: Set<string>
  ): void {
    const first = mark.step !== null && !seen.has(mark.step);
    if (mark.step !== null) {
      seen.add(mark.step);
    }
    const colour = cssColour(
      mark.step === null ? undefined : this._pipeline.colours.get(mark.step)
    );
    cell.node.classList.toggle('jp-lw-InStep', shown && mark.step !== null);
    cell.node.classList.toggle('jp-lw-Skipped', shown && mark.role === 'skip');
    cell.node.style.setProperty('--lw-colour', colour);
    let chip = CHIPS.get(cell);
    const content =
      shown && mark.role !== null && (this._choice === 'all' || first || mark.starts)
        ? this._content(mark, colour, first)
        : null;
    if (!chip) {
      if (!content) {
        return;
      }
      const { panel } = this._pipeline;
      const index = (): number => panel.content.widgets.indexOf(cell);
      chip = new Chip({
        name: () => this._actions.edit(panel, index()),
        remarks: () =>
          this._actions.remarks(panel, this._pipeline.marks[index()]?.step ?? null)
      });
      CHIPS.set(cell, chip);
      const made = chip;
      // A cell that was never in view builds its inside later, and would stand above the chip.
      void cell.ready.then(() => {
        if (!cell.isDisposed) {
          (cell.layout as PanelLayout).insertWidget(0, made);
        }
      });
    }
    chip.chip = content;
  }

  private _content(mark: ICellMark, colour: string, first: boolean): IChip {
    const trans = this._trans;
    const remarks = this._pipeline.remarks(mark.id);
    const { step, line, starts } = mark;
    const preview = this._pipeline.preview?.find(one => one.name === step);
    const remarksLabel = trans._n(
      '%1 remark on this cell',
      '%1 remarks on this cell',
      remarks.length
    );
    return {
      label: step ?? this._roleLabel(mark),
      kind: step === null ? 'role' : 'step',
      colour,
      starts: starts || (first && step !== null) || step === null,
      line: line && step !== null ? line.text : null,
      metrics: mark.metrics,
      badges:
        first && step !== null
          ? badges(this._pipeline.step(step)?.settings ?? {}, trans)
          : [],
      state:
        first && preview ? previewState(preview.state, preview.why ?? '', trans) : null,
      remarks: remarks.map(({ severity, message }) => ({ severity, message })),
      title: this._title(mark),
      remarksLabel,
      metricsLabel: trans.__('metrics')
    };
  }

  private _roleLabel(mark: ICellMark): string {
    const labels: Record<string, string> = {
      imports: this._trans.__('imports'),
      functions: this._trans.__('functions'),
      parameters: this._trans.__('parameters'),
      skip: this._trans.__('skipped')
    };
    return labels[mark.role ?? ''] ?? '';
  }

  private _title({ role, step, starts, line }: ICellMark): string {
    const trans = this._trans;
    if (line && step !== null) {
      return trans.__('The line `%1` says so. Click to change', line.text);
    }
    if (step !== null) {
      return starts
        ? trans.__('Step %1. Click to change', step)
        : trans.__('Belongs to step %1 above. Click to change', step);
    }
    const titles: Record<string, string> = {
      imports: trans.__('Replayed in every step that needs it. Click to change'),
      functions: trans.__('Replayed in every step that needs it. Click to change'),
      parameters: trans.__(
        'Names with plain values become parameters. Click to change'
      ),
      skip: trans.__('Not part of the pipeline. Click to change')
    };
    return titles[role ?? ''] ?? '';
  }

  private _choice: ChipChoice = 'all';
}

/** How a preview is said. */
export function previewState(
  name: string,
  why: string,
  trans: TranslationBundle
): { name: string; text: string; why: string } {
  const texts: Record<string, string> = {
    cached: trans.__('cached'),
    stale: trans.__('out of date'),
    new: trans.__('new'),
    waiting: trans.__('waits')
  };
  const hints: Record<string, string> = {
    cached: trans.__('Its result is there: a run would not compute it again'),
    stale: trans.__('It ran before, and would run anew'),
    new: trans.__('It never ran'),
    waiting: trans.__('A step before it must run first; it very likely runs')
  };
  return { name, text: texts[name] ?? name, why: why || (hints[name] ?? '') };
}

const CHIPS = new WeakMap<Cell, Chip>();

/** Decorate every notebook, open now or later. */
export function decorateAll(
  pipelines: {
    forEach(action: (pipeline: NotebookPipeline) => void): void;
    readonly added: {
      connect(slot: (sender: unknown, pipeline: NotebookPipeline) => void): boolean;
    };
  },
  trans: TranslationBundle,
  actions: IDecoratorActions
): { choice: ChipChoice } & IDisposable {
  const decorators = new Set<CellDecorator>();
  let choice: ChipChoice = 'all';
  const add = (pipeline: NotebookPipeline): void => {
    const decorator = new CellDecorator(pipeline, trans, actions);
    decorator.choice = choice;
    decorators.add(decorator);
    pipeline.panel.disposed.connect(() => decorators.delete(decorator));
  };
  pipelines.forEach(add);
  pipelines.added.connect((_, pipeline) => add(pipeline));
  const all = new DisposableDelegate(() => decorators.clear());
  return Object.defineProperty(all, 'choice', {
    get: () => choice,
    set: (next: ChipChoice) => {
      choice = next;
      decorators.forEach(decorator => (decorator.choice = next));
    }
  }) as DisposableDelegate & { choice: ChipChoice };
}
