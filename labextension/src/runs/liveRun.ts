import { ISignal, Signal } from '@lumino/signaling';

import { ApiError, isFinal, type Client, type Run } from '../api';
import { advance, subject, type DetailEvent } from './detail';
import { EventOrder } from './order';

/** One run with its steps: read once, then kept current by events. */
export class LiveRun {
  constructor(
    /** The run's key. */
    readonly runId: string,
    private readonly _client: Pick<Client, 'run'>
  ) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get run(): Run | null {
    return this._run;
  }

  /** Why the run could not be read. */
  get error(): ApiError | Error | null {
    return this._error;
  }

  /** The run, read from the server if it was not yet. */
  async ready(): Promise<Run> {
    await (this._run ? undefined : (this._reading ?? this.refresh()));
    if (!this._run) {
      throw this._error ?? new Error(`Run ${this.runId} could not be read.`);
    }
    return this._run;
  }

  /** Read it anew. What events tell in the meantime is newer than the answer, so it is kept. */
  refresh(): Promise<void> {
    if (this._gone) {
      return Promise.resolve();
    }
    const during: DetailEvent[] = [];
    this._during = during;
    this._reading = this._read(during);
    return this._reading;
  }

  handle(event: DetailEvent): void {
    if (!this._order.accept(subject(event), event)) {
      return;
    }
    this._during?.push(event);
    const before = this._run;
    if (!before) {
      return;
    }
    this._run = advance(before, event);
    this._changed.emit();
    if (event.type === 'run' && isFinal(event.run.state) !== isFinal(before.state)) {
      // Events carry no outputs of the whole run, and no diagnostics; and a run that goes on
      // again begins with other steps.
      void this.refresh();
    }
  }

  /** The run was deleted. */
  gone(): void {
    this._gone = true;
    this._during = null;
    this._run = null;
    this._error = new ApiError(
      'not-found',
      `Run ${this.runId} was deleted.`,
      null,
      404
    );
    this._changed.emit();
  }

  private async _read(during: DetailEvent[]): Promise<void> {
    try {
      const run = await this._client.run(this.runId);
      if (this._during === during) {
        this._run = during.reduce(advance, run);
        this._error = null;
      }
    } catch (error) {
      if (this._during === during) {
        this._error = error as Error;
        if (error instanceof ApiError && error.status === 404) {
          this._run = null;
        }
      }
    }
    if (this._during === during) {
      this._during = null;
      this._reading = null;
      this._changed.emit();
    }
  }

  private _run: Run | null = null;
  private _error: Error | null = null;
  private _gone = false;
  private _during: DetailEvent[] | null = null;
  private _reading: Promise<void> | null = null;
  private readonly _order = new EventOrder();
  private readonly _changed = new Signal<this, void>(this);
}
