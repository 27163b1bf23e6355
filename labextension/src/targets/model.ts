import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { LOCAL, type Client, type Target } from '../api';
import type { EventStream, LabwrightEvent } from '../events/stream';

/** Where pipelines can run, read once somebody wants to know, and anew when that may have changed. */
export class TargetsModel implements IDisposable {
  constructor(
    private readonly _client: Pick<Client, 'targets'>,
    events: Pick<EventStream, 'event' | 'resync'>
  ) {
    events.resync.connect(this.refresh, this);
    events.event.connect(this._onEvent, this);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** This machine first; empty until they were read. */
  get all(): readonly Target[] {
    return this._all;
  }

  /** Those that run pipelines by a timetable. */
  get schedulers(): readonly Target[] {
    return this._all.filter(({ capabilities }) => capabilities.schedules);
  }

  /** Those that notebook servers run on. */
  get hosts(): readonly Target[] {
    return this._all.filter(({ capabilities }) => capabilities.servers);
  }

  get(name: string): Target | undefined {
    return this._all.find(target => target.name === name);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  /** Ask how they are; what was known stays where the server cannot say. */
  refresh(): Promise<void> {
    this._asking ??= this._read().finally(() => (this._asking = null));
    return this._asking;
  }

  private async _read(): Promise<void> {
    try {
      const all = await this._client.targets();
      if (!this._isDisposed) {
        this._all = all;
        this._changed.emit();
      }
    } catch {
      // Runs and panels that need the server say that it is away.
    }
  }

  private _onEvent(_: unknown, event: LabwrightEvent): void {
    if (event.type === 'target' && event.state !== 'watched') {
      void this.refresh();
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private _all: readonly Target[] = [];
  private _asking: Promise<void> | null = null;
  private _isDisposed = false;
}

/** Whether a run's target offers something; of a target not known yet, what this machine offers. */
export function offers(
  targets: TargetsModel,
  run: { readonly target: string },
  what: keyof Target['capabilities']
): boolean {
  const target = targets.get(run.target);
  const here = what === 'resume' || what === 'sources' || what === 'live_logs';
  return target?.capabilities[what] ?? (run.target === LOCAL && here);
}

/** The page of a run in its target's own UI; null where nobody knows it. */
export function pageOf(
  targets: TargetsModel,
  run: { readonly run_id: string; readonly target: string }
): string | null {
  const ui = targets.get(run.target)?.ui;
  return ui ? `${ui.replace(/\/+$/, '')}/#/runs/details/${run.run_id}` : null;
}
