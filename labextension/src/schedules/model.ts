import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import {
  ApiError,
  type Client,
  type Remark,
  type Schedule,
  type ScheduleRequest,
  type Scheduled
} from '../api';
import type { TargetsModel } from '../targets/model';

type SchedulesClient = Pick<
  Client,
  'schedules' | 'makeSchedule' | 'switchSchedule' | 'removeSchedule'
>;

/** Pipelines that run by themselves, on the targets that offer it. */
export class SchedulesModel implements IDisposable {
  constructor(
    private readonly _client: SchedulesClient,
    private readonly _targets: Pick<TargetsModel, 'changed' | 'schedulers'>
  ) {
    // They tell nothing themselves: they are asked whenever the targets are.
    _targets.changed.connect(this._follow, this);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The newest first. */
  get all(): readonly Schedule[] {
    return this._all;
  }

  /** Why targets are left out. */
  get remarks(): readonly Remark[] {
    return this._remarks;
  }

  /** Why they could not be read; null once they could. */
  get error(): Error | null {
    return this._error;
  }

  get loaded(): boolean {
    return this._loaded;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  async refresh(): Promise<void> {
    const turn = ++this._turn;
    try {
      const all: Schedule[] = [];
      let remarks: readonly Remark[] = [];
      let cursor: string | null = null;
      do {
        const page = await this._client.schedules(cursor);
        all.push(...page.schedules);
        remarks = page.remarks;
        cursor = page.next;
      } while (cursor !== null);
      if (turn === this._turn) {
        // Those of a target that does not answer are not gone.
        const away = new Set(remarks.map(({ target }) => target));
        const kept = this._all.filter(({ target }) => away.has(target));
        this._set([...all, ...kept], remarks);
      }
    } catch (error) {
      if (turn === this._turn) {
        this._error = error as Error;
        this._tell();
      }
    }
  }

  async make(request: ScheduleRequest): Promise<Scheduled> {
    const made = await this._client.makeSchedule(request);
    this._put(made);
    return made;
  }

  async switch(schedule: Schedule, on: boolean): Promise<void> {
    this._put(await this._client.switchSchedule(schedule, on));
  }

  async remove(schedule: Schedule): Promise<void> {
    try {
      await this._client.removeSchedule(schedule);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) {
        throw error;
      }
    }
    this._turn += 1;
    this._set(
      this._all.filter(one => scheduleKey(one) !== scheduleKey(schedule)),
      this._remarks
    );
  }

  private _follow(): void {
    if (this._targets.schedulers.length > 0) {
      void this.refresh();
    } else if (this._all.length > 0) {
      this._set([], []);
    }
  }

  /** An answer about one of them is newer than the list that may be on its way. */
  private _put(schedule: Schedule): void {
    this._turn += 1;
    const key = scheduleKey(schedule);
    const known = this._all.some(one => scheduleKey(one) === key);
    this._set(
      known
        ? this._all.map(one => (scheduleKey(one) === key ? schedule : one))
        : [schedule, ...this._all],
      this._remarks
    );
  }

  private _set(all: readonly Schedule[], remarks: readonly Remark[]): void {
    this._all = [...all].sort((one, other) =>
      one.created_at < other.created_at ? 1 : -1
    );
    this._remarks = remarks;
    this._error = null;
    this._tell();
  }

  private _tell(): void {
    this._loaded = true;
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private _all: readonly Schedule[] = [];
  private _remarks: readonly Remark[] = [];
  private _error: Error | null = null;
  private _loaded = false;
  private _turn = 0;
  private _isDisposed = false;
}

export function scheduleKey({ schedule_id: id, target }: Schedule): string {
  return `${id}@${target}`;
}
