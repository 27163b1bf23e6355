import type { NotebookPanel } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import {
  Analysis,
  ApiError,
  Diagnostic,
  Graph,
  GraphStep,
  isFinal,
  NotebookSource,
  Preview,
  PreviewRequest,
  Run,
  StepPreview,
  runKey
} from '../api/client';
import type { IEdit } from '../cells/draft';
import {
  ICellMark,
  ICellState,
  isMarked,
  nameFromFile,
  readMarks,
  stepNames
} from '../cells/marks';
import { IMarked, IStray, strays } from '../cells/strays';
import { readForm } from '../dialogs/values';
import type { IWorkbench } from '../tokens';
import { assignColours } from './colours';
import { IAnswer, Latest } from './latest';
import { applyEdit, ISnapshot, snapshot } from './source';

/** Changes that come together, as one keystroke's do, are looked at once. */
const GATHER = 20;
/** Outputs that stream in change nothing here: they are looked at less and less often. */
const GATHER_MOST = 250;
const QUIET = 500;
/** How many earlier arrangements are known, so that an undo is no news. */
const REMEMBERED = 20;
const REST = 80;
const PREVIEW_REST = 250;

interface IQuestion {
  readonly snapshot: ISnapshot;
}

/**
 * The pipeline that a notebook is while somebody works on it: its marks at once, and what the
 * server makes of the code soon after. It never saves and needs no kernel.
 */
export class NotebookPipeline implements IDisposable {
  constructor(
    readonly panel: NotebookPanel,
    private readonly _workbench: IWorkbench
  ) {
    const { client, runs } = _workbench;
    this._analyse = new Latest<IQuestion, Analysis>(
      ({ snapshot }, signal) => client.analyse(snapshot.source, signal),
      { delay: REST }
    );
    this._previews = new Latest<PreviewRequest, Preview>(
      (request, signal) => client.preview(request, signal),
      { delay: PREVIEW_REST }
    );
    this._analyse.answered.connect(this._onAnalysis, this);
    this._previews.answered.connect(this._onPreview, this);
    runs.changed.connect(this._onRuns, this);
    panel.disposed.connect(() => this.dispose());
    void panel.context.ready.then(() => {
      if (!this.isDisposed) {
        panel.context.model.contentChanged.connect(this._onContent, this);
        panel.context.pathChanged.connect(this._onContent, this);
        panel.content.activeCellChanged.connect(this._followCell, this);
        this.refresh();
        this._followCell();
        this._onRuns();
      }
    });
  }

  /** Anything of the below is another. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Cells came to another step because others moved or went. */
  get strayed(): ISignal<this, readonly IStray[]> {
    return this._strayed;
  }

  get path(): string {
    return this.panel.context.path;
  }

  cells: readonly ICellState[] = [];
  marks: readonly ICellMark[] = [];
  /** Somebody marked it as a pipeline; no other notebook is sent to the server. */
  marked = false;
  /** The newest graph there is; it stays while the notebook cannot be read. */
  graph: Graph | null = null;
  analysis: Analysis | null = null;
  /** Why the server gave no analysis at all. */
  failure: Error | null = null;
  preview: readonly StepPreview[] | null = null;
  /** Why the graph could not be run as it stands. */
  refusal: Error | null = null;
  colours: ReadonlyMap<string, number> = new Map();
  /** The newest run of this notebook, followed while it is active. */
  lastRun: Run | null = null;
  isDisposed = false;

  /** The notebook changed since `graph` was made. */
  get behind(): boolean {
    return this._analyse.busy;
  }

  get steps(): string[] {
    return stepNames(this.marks);
  }

  get selected(): string | null {
    return this._selected;
  }

  set selected(step: string | null) {
    if (step !== this._selected) {
      this._selected = step;
      this._changed.emit();
    }
  }

  /** Parameters as the person typed them. */
  get texts(): Readonly<Record<string, string>> {
    return this._texts;
  }

  set texts(texts: Readonly<Record<string, string>>) {
    this._texts = texts;
    this._askPreview();
    this._changed.emit();
  }

  step(name: string | null): GraphStep | undefined {
    return this.graph?.steps.find(step => step.name === name);
  }

  /** What was found wrong in a cell. */
  remarks(cellId: string): readonly Diagnostic[] {
    return this._remarks.get(cellId) ?? [];
  }

  /** Remarks on any cell of a step, and how many are on no cell. */
  remarksOfStep(step: string): Diagnostic[] {
    const own = this.marks.filter(mark => mark.step === step);
    return own.flatMap(mark => this.remarks(mark.id));
  }

  get general(): readonly Diagnostic[] {
    return this._remarks.get('') ?? [];
  }

  /** Write an edit; the marks follow at once. */
  apply(edit: IEdit): void {
    const { model } = this.panel.content;
    if (model && edit.changes.length > 0) {
      applyEdit(model, edit);
      this.refresh();
    }
  }

  /** The analysis of the notebook as it is now, whether it is marked or not. */
  async analyseNow(): Promise<Analysis> {
    return this._workbench.client.analyse(await this.source());
  }

  /** The notebook as it is now; one that is being opened, as soon as it is there. */
  async source(): Promise<NotebookSource> {
    await this.panel.context.ready;
    return this._current().source;
  }

  /** Look at the notebook again. */
  refresh(): void {
    window.clearTimeout(this._gathering);
    this._gathering = 0;
    if (this.isDisposed || !this.panel.context.isReady) {
      return;
    }
    const current = this._current();
    if (current.fingerprint === this._seen) {
      this._pause = Math.min(2 * this._pause, GATHER_MOST);
      return;
    }
    this._pause = GATHER;
    const before = { cells: this.cells, marks: this.marks };
    this._seen = current.fingerprint;
    this.cells = current.cells;
    this.marks = readMarks(current.cells, nameFromFile(this.path));
    this.marked = isMarked(current.cells);
    this.colours = assignColours(this.steps, this.colours);
    if (this._selected !== null && !this.steps.includes(this._selected)) {
      this._selected = null;
    }
    if (this.marked) {
      this._analyse.put({ snapshot: current });
    } else {
      this._analyse.clear();
      this._previews.clear();
      this.graph = this.analysis = this.failure = this.preview = this.refusal = null;
      this._remarks.clear();
    }
    this._changed.emit();
    this._findStrays(before);
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this.isDisposed = true;
    window.clearTimeout(this._gathering);
    this._analyse.clear();
    this._previews.clear();
    Signal.clearData(this);
  }

  private _current(): ISnapshot {
    return snapshot(this.panel.context.model, this.path);
  }

  /** The step of the cell that somebody works on is the one that panels show. */
  private _followCell(): void {
    const step = this.marks[this.panel.content.activeCellIndex]?.step;
    if (step) {
      this.selected = step;
    }
  }

  /** Cells that strayed are told of, but for an arrangement that was there before. */
  private _findStrays(before: IMarked): void {
    const plan = this.marks.map(mark => `${mark.id} ${mark.step}`).join('\n');
    const known = this._plans.includes(plan);
    this._plans = [...this._plans.filter(one => one !== plan), plan].slice(-REMEMBERED);
    const found = known ? [] : strays(before, this);
    if (found.length > 0) {
      this._strayed.emit(found);
    }
  }

  private _onContent(): void {
    const now = Date.now();
    if (now - this._touched > QUIET) {
      this._pause = GATHER;
    }
    this._touched = now;
    this._gathering ||= window.setTimeout(() => this.refresh(), this._pause);
  }

  private _onAnalysis(
    _: unknown,
    { question, answer, failure }: IAnswer<IQuestion, Analysis>
  ): void {
    this.failure = failure ? asError(failure) : null;
    if (answer) {
      this.analysis = answer;
      this.graph = answer.graph ?? this.graph;
      this._remarks = remarksByCell(answer, question.snapshot.cells);
      this._analysed = question.snapshot.source;
      if (answer.graph && !hasErrors(answer.graph)) {
        this._askPreview();
      } else {
        this._previews.clear();
        this.preview = this.refusal = null;
      }
    }
    this._changed.emit();
  }

  private _askPreview(): void {
    if (this._analysed && this.graph && !hasErrors(this.graph)) {
      const { values } = readForm(this.graph.parameters, this._texts);
      const parameters = values as PreviewRequest['parameters'];
      this._previews.put({ ...this._analysed, parameters });
    }
  }

  private _onPreview(
    _: unknown,
    { answer, failure }: IAnswer<PreviewRequest, Preview>
  ): void {
    // A refusal is what a run would be told too; anything else is nobody's business here.
    this.refusal =
      failure instanceof ApiError && failure.status === 400 ? failure : null;
    // Without an answer nothing is said: a wrong promise would be worse.
    this.preview = answer?.steps ?? null;
    this._changed.emit();
  }

  private _onRuns(_?: unknown, ids: readonly string[] | null = null): void {
    const newest = this._workbench.runs.summaries.find(run => run.path === this.path);
    if (!newest) {
      if (this.lastRun) {
        this.lastRun = null; // it was deleted
        this._changed.emit();
      }
      return;
    }
    const key = runKey(newest);
    const known = this.lastRun !== null && runKey(this.lastRun) === key;
    if (known && ids !== null && !ids.includes(key)) {
      return;
    }
    if (known && this.lastRun!.state === newest.state && isFinal(newest.state)) {
      return;
    }
    void this._workbench.runs.run(key).then(
      run => {
        const ended = isFinal(run.state) && this.lastRun?.state !== run.state;
        this.lastRun = run;
        if (ended) {
          this._askPreview();
        }
        this._changed.emit();
      },
      () => undefined // it was deleted meanwhile
    );
  }

  private readonly _changed = new Signal<this, void>(this);
  private readonly _strayed = new Signal<this, readonly IStray[]>(this);
  private readonly _analyse: Latest<IQuestion, Analysis>;
  private readonly _previews: Latest<PreviewRequest, Preview>;
  private _analysed: NotebookSource | null = null;
  private _remarks = new Map<string, Diagnostic[]>();
  private _selected: string | null = null;
  private _texts: Readonly<Record<string, string>> = {};
  private _seen = '';
  private _gathering = 0;
  private _pause = GATHER;
  private _touched = 0;
  private _plans: readonly string[] = [];
}

function hasErrors(graph: Graph): boolean {
  return graph.diagnostics.some(remark => remark.severity === 'error');
}

/** Remarks by the cell's id, for indexes pass when cells move; those on no cell under ''. */
function remarksByCell(
  { graph, error, error_cell: errorCell }: Analysis,
  cells: readonly ICellState[]
): Map<string, Diagnostic[]> {
  const found = new Map<string, Diagnostic[]>();
  const all = [...(graph?.diagnostics ?? [])];
  if (error) {
    all.push({
      cell: errorCell ?? null,
      severity: 'error',
      code: error.code,
      message: error.message
    });
  }
  for (const remark of all) {
    const id = remark.cell === null ? '' : (cells[remark.cell]?.id ?? '');
    found.set(id, [...(found.get(id) ?? []), remark]);
  }
  return found;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
