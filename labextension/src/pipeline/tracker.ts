import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { ISignal, Signal } from '@lumino/signaling';

import { activateOnContextMenu } from '../cells/pointed';
import type { IWorkbench } from '../tokens';
import { NotebookPipeline } from './model';

/** The pipelines of all open notebooks, and which one is in front. */
export class Pipelines {
  constructor(
    private readonly _notebooks: INotebookTracker,
    private readonly _workbench: IWorkbench
  ) {
    _notebooks.forEach(panel => this._add(panel));
    _notebooks.widgetAdded.connect((_, panel) => this._add(panel));
    _notebooks.currentChanged.connect(this._follow, this);
    this._follow();
  }

  get current(): NotebookPipeline | null {
    return this._current;
  }

  /** Another notebook is in front, or something changed in the one that is. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get added(): ISignal<this, NotebookPipeline> {
    return this._added;
  }

  of(panel: NotebookPanel | null): NotebookPipeline | null {
    return (panel && this._pipelines.get(panel)) ?? null;
  }

  forEach(action: (pipeline: NotebookPipeline) => void): void {
    this._pipelines.forEach(action);
  }

  private _add(panel: NotebookPanel): void {
    if (this._pipelines.has(panel)) {
      return;
    }
    const pipeline = new NotebookPipeline(panel, this._workbench);
    this._pipelines.set(panel, pipeline);
    activateOnContextMenu(panel.content);
    panel.disposed.connect(() => this._pipelines.delete(panel));
    this._added.emit(pipeline);
    this._follow();
  }

  private _follow(): void {
    const current = this.of(this._notebooks.currentWidget);
    if (current === this._current) {
      return;
    }
    this._current?.changed.disconnect(this._onChanged, this);
    this._current = current;
    current?.changed.connect(this._onChanged, this);
    this._changed.emit();
  }

  private _onChanged(): void {
    this._changed.emit();
  }

  private readonly _pipelines = new Map<NotebookPanel, NotebookPipeline>();
  private readonly _changed = new Signal<this, void>(this);
  private readonly _added = new Signal<this, NotebookPipeline>(this);
  private _current: NotebookPipeline | null = null;
}
