import { ISignal, Signal } from '@lumino/signaling';

import {
  ApiError,
  runKey,
  type Client,
  type IRunQuery,
  type Run,
  type RunList,
  type RunRequest,
  type RunSummary,
  type Started
} from '../api';
import type { EventStream, LabwrightEvent } from '../events/stream';
import type { IListed, IRunsModel } from '../tokens';
import { ACTIVE_STATES, isActive, type RunFilter } from './filter';
import { Listing, newestFirst, type Change } from './listing';
import { LiveRun } from './liveRun';

const FIRST_PAGE = 100;
const FURTHER_PAGE = 500;
/** So many runs that somebody asked for are kept current. */
const KEPT = 16;
/** Changes within a frame are told together. */
const FRAME_MS = 16;

export class RunsModel implements IRunsModel {
  constructor(
    private readonly _client: Client,
    events: EventStream
  ) {
    events.event.connect(this._onEvent, this);
    events.resync.connect(this.refresh, this);
  }

  get changed(): ISignal<this, readonly string[] | null> {
    return this._changed;
  }

  /** A run that was seen active has come to its end. */
  get ended(): ISignal<this, RunSummary> {
    return this._ended;
  }

  /** Runs that wait, run or are being stopped, whatever the list shows. */
  get active(): readonly RunSummary[] {
    return [...this._active.values()].sort(newestFirst);
  }

  get summaries(): readonly RunSummary[] {
    this._summaries ??= [...this._listing.known()].sort(newestFirst);
    return this._summaries;
  }

  get listing(): IListed {
    return this._listing;
  }

  /** Why the list could not be read; null once it could. */
  get error(): Error | null {
    return this._error;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  /** Show only the runs that the filter lets through. */
  narrow(filter: RunFilter): Promise<void> {
    this._listing.narrow(filter);
    this._wanted = 0;
    this._tell(null);
    return this.refresh();
  }

  /** Have the list loaded up to this place at least. */
  async reach(index: number): Promise<void> {
    this._wanted = Math.max(this._wanted, index + 1);
    if (this._reaching || !this._listing.loaded) {
      return;
    }
    this._reaching = true;
    try {
      while (this._listing.ids.length < this._wanted && this._listing.next !== null) {
        const filter = this._listing.filter;
        const since = this._listing.clock;
        const page = await this._page(filter, FURTHER_PAGE, this._listing.next);
        if (filter !== this._listing.filter || this._refreshing) {
          return;
        }
        this._listing.append(page, since);
        this._tell(null);
      }
    } catch (error) {
      this._fail(error);
    } finally {
      this._reaching = false;
    }
  }

  /** Read all state anew; what events tell meanwhile is kept. */
  async refresh(): Promise<void> {
    const turn = {};
    this._refreshing = turn;
    this._live.forEach(live => void live.refresh());
    try {
      await Promise.all([this._refreshList(turn), this._refreshActive(turn)]);
      if (this._refreshing === turn) {
        this._error = null;
      }
    } catch (error) {
      if (this._refreshing === turn) {
        this._fail(error);
      }
    } finally {
      if (this._refreshing === turn) {
        this._refreshing = null;
        this._tell(null);
        void this.reach(this._wanted - 1);
      }
    }
  }

  /** A run that is kept current while it is among the last ones asked for or somebody listens. */
  follow(runId: string): LiveRun {
    const live = this._live.get(runId) ?? this._newLive(runId);
    this._live.delete(runId);
    this._live.set(runId, live);
    for (const id of this._live.keys()) {
      if (this._live.size <= KEPT) {
        break;
      }
      if (!this._held.has(id)) {
        this._live.delete(id);
      }
    }
    return live;
  }

  /** Keep a run current until the function that this returns is called. */
  hold(runId: string): () => void {
    this._held.set(runId, (this._held.get(runId) ?? 0) + 1);
    this.follow(runId);
    return () => {
      const left = (this._held.get(runId) ?? 1) - 1;
      if (left > 0) {
        this._held.set(runId, left);
      } else {
        this._held.delete(runId);
      }
    };
  }

  run(runId: string): Promise<Run> {
    return this.follow(runId).ready();
  }

  start(request: RunRequest): Promise<Started> {
    return this._ask(() => this._client.start(request));
  }

  cancel(runId: string): Promise<RunSummary> {
    return this._ask(() => this._client.cancel(runId));
  }

  retry(runId: string): Promise<RunSummary> {
    return this._ask(() => this._client.retry(runId));
  }

  resume(runId: string): Promise<RunSummary> {
    return this._ask(() => this._client.resume(runId));
  }

  remove(runId: string): Promise<void> {
    return this._takeOut(runId, () => this._client.remove(runId));
  }

  archive(runId: string): Promise<void> {
    return this._takeOut(runId, () => this._client.archive(runId));
  }

  private async _takeOut(runId: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) {
        throw error;
      }
    }
    this._note(runId, this._listing.forget(runId));
  }

  private _newLive(runId: string): LiveRun {
    const live = new LiveRun(runId, this._client);
    live.changed.connect(() => live.run && this._tell(runId));
    return live;
  }

  private async _ask<T extends RunSummary>(request: () => Promise<T>): Promise<T> {
    const since = this._listing.clock;
    const run = await request();
    this._note(runKey(run), this._listing.learn(run, since));
    return run;
  }

  private async _refreshList(turn: object): Promise<void> {
    const filter = this._listing.filter;
    const since = this._listing.clock;
    const least = Math.min(this._wanted, this._listing.ids.length);
    const pages = await this._page(filter, FIRST_PAGE, null);
    while (pages.runs.length < least && pages.next !== null) {
      const more = await this._page(filter, FURTHER_PAGE, pages.next);
      pages.runs.push(...more.runs);
      pages.next = more.next;
    }
    if (this._refreshing === turn) {
      this._listing.replace(pages, since).forEach(change => this._observe(change));
      this._tell(null);
    }
  }

  private async _refreshActive(turn: object): Promise<void> {
    const since = this._listing.clock;
    const known = [...this._active.keys()];
    const pages = await Promise.all(
      ACTIVE_STATES.map(state => this._client.runs({ state, limit: FURTHER_PAGE }))
    );
    if (this._refreshing !== turn) {
      return;
    }
    const runs = pages.flatMap(page => page.runs);
    const learn = (run: RunSummary): void =>
      this._note(runKey(run), this._listing.learn(run, since));
    runs.forEach(learn);
    // What was active and is no more has ended while nobody listened.
    const active = new Set(runs.map(runKey));
    const away = new Set(pages.flatMap(page => page.remarks.map(one => one.target)));
    const over = known.filter(id => {
      const run = this._active.get(id);
      return run && !active.has(id) && !away.has(run.target);
    });
    await Promise.all(
      over.map(async id => {
        try {
          learn(await this._client.run(id));
        } catch (error) {
          if (!(error instanceof ApiError && error.status === 404)) {
            throw error;
          }
          this._note(id, this._listing.forget(id));
        }
      })
    );
  }

  private _page(
    filter: RunFilter,
    limit: number,
    cursor: string | null
  ): Promise<RunList> {
    const query: IRunQuery = { limit };
    const text = filter.text.trim();
    return this._client.runs({
      ...query,
      ...(filter.target ? { target: filter.target } : {}),
      ...(filter.experiment ? { experiment: filter.experiment } : {}),
      ...(filter.state ? { state: filter.state } : {}),
      ...(text ? { text } : {}),
      ...(cursor ? { cursor } : {})
    });
  }

  private _onEvent(_: unknown, event: LabwrightEvent): void {
    if (event.type === 'run') {
      this._note(runKey(event.run), this._listing.apply(event));
      this._live.get(runKey(event.run))?.handle(event);
    } else if (event.type === 'step') {
      this._live.get(runKey(event))?.handle(event);
    } else if (event.type === 'deleted' || event.type === 'archived') {
      this._note(runKey(event), this._listing.apply(event));
    } else if (event.type === 'target' && event.state !== 'watched') {
      // Which of its runs are as they were, the server knows now.
      void this.refresh();
    }
  }

  private _note(runId: string, change: Change | null): void {
    if (!change) {
      return;
    }
    this._observe(change);
    if (!change.after) {
      this._active.delete(runId);
      this._live.get(runId)?.gone();
    }
    this._tell(runId);
  }

  /** Keep the active runs, and tell of those that end. */
  private _observe({ after }: Change): void {
    if (after && isActive(after.state)) {
      this._active.set(runKey(after), after);
    } else if (after && this._active.delete(runKey(after))) {
      this._ended.emit(after);
    }
  }

  private _fail(error: unknown): void {
    this._error = error as Error;
    this._tell(null);
  }

  private _tell(runId: string | null): void {
    this._summaries = null;
    if (runId === null) {
      this._untold = null;
    } else {
      this._untold?.add(runId);
    }
    this._timer ||= window.setTimeout(() => {
      const untold = this._untold;
      this._timer = 0;
      this._untold = new Set();
      if (!this._isDisposed) {
        this._changed.emit(untold && [...untold]);
      }
    }, FRAME_MS);
  }

  private readonly _listing = new Listing();
  private readonly _active = new Map<string, RunSummary>();
  /** In the order of asking, the latest last. */
  private readonly _live = new Map<string, LiveRun>();
  private readonly _held = new Map<string, number>();
  private readonly _changed = new Signal<this, readonly string[] | null>(this);
  private readonly _ended = new Signal<this, RunSummary>(this);
  private _summaries: readonly RunSummary[] | null = null;
  private _untold: Set<string> | null = new Set();
  private _timer = 0;
  private _wanted = 0;
  private _reaching = false;
  private _refreshing: object | null = null;
  private _error: Error | null = null;
  private _isDisposed = false;
}
