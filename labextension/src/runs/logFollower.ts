import { ISignal, Signal } from '@lumino/signaling';

import { ApiError, runKey, type Client, type Iteration } from '../api';
import type { EventStream, LabwrightEvent } from '../events/stream';
import { LogBuffer } from './logbuffer';

const CHUNK = 1 << 19;

/** A step's log: what there is, and then every line as it is printed. */
export class LogFollower {
  constructor(
    private readonly _client: Pick<Client, 'log'>,
    private readonly _events: Pick<EventStream, 'event' | 'resync'>,
    private readonly _key: string,
    private readonly _step: string,
    private readonly _iteration: Iteration
  ) {
    _events.event.connect(this._onEvent, this);
    _events.resync.connect(this._catchUp, this);
    void this._catchUp();
  }

  readonly buffer = new LogBuffer();

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Why the log could not be read. */
  get error(): Error | null {
    return this._error;
  }

  /** The log as it stood when it was asked for is here. */
  get loaded(): boolean {
    return this._loaded;
  }

  dispose(): void {
    this._abort.abort();
    this._events.event.disconnect(this._onEvent, this);
    this._events.resync.disconnect(this._catchUp, this);
    Signal.clearData(this);
  }

  /** Read on from where the buffer ends, once more if a gap shows up while reading. */
  private async _catchUp(): Promise<void> {
    this._behind = true;
    if (this._reading) {
      return;
    }
    this._reading = true;
    try {
      while (this._behind) {
        this._behind = false;
        await this._read();
      }
      this._error = null;
    } catch (error) {
      if (this._abort.signal.aborted) {
        return;
      }
      // A step that has not begun has no log yet.
      this._error =
        error instanceof ApiError && error.status === 404 ? null : (error as Error);
    } finally {
      this._reading = false;
    }
    this._loaded = true;
    this._tell();
  }

  private async _read(): Promise<void> {
    for (;;) {
      const { end: offset } = this.buffer;
      const query = { iteration: this._iteration, offset, limit: CHUNK };
      const chunk = await this._client.log(
        this._key,
        this._step,
        query,
        this._abort.signal
      );
      const added = this.buffer.add(chunk.offset, chunk.text, chunk.next);
      if (added === 'added') {
        this._tell();
      }
      if (chunk.end || chunk.next <= offset) {
        return;
      }
    }
  }

  private _onEvent(_: unknown, event: LabwrightEvent): void {
    if (
      event.type !== 'log' ||
      runKey(event) !== this._key ||
      event.step !== this._step ||
      String(event.iteration ?? '') !== String(this._iteration ?? '')
    ) {
      return;
    }
    const added = this.buffer.add(event.offset, event.text);
    if (added === 'gap') {
      void this._catchUp();
    } else if (added === 'added') {
      this._tell();
    }
  }

  /** Once a frame is often enough for eyes. */
  private _tell(): void {
    this._timer ||= window.setTimeout(() => {
      this._timer = 0;
      this._changed.emit();
    }, 16);
  }

  private readonly _changed = new Signal<this, void>(this);
  private readonly _abort = new AbortController();
  private _behind = false;
  private _reading = false;
  private _loaded = false;
  private _error: Error | null = null;
  private _timer = 0;
}
