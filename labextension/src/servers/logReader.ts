import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { ApiError, type Client, type FollowedLog, type IOnTarget } from '../api';
import { waitBefore, type EventStream } from '../events/stream';
import { LogBuffer } from '../runs/logbuffer';
import { keyOf, type ServersModel } from './model';

export interface ILogSources {
  readonly client: Pick<Client, 'followServerLog'>;
  readonly servers: Pick<ServersModel, 'moved'>;
  readonly events: Pick<EventStream, 'resync'>;
}

/**
 * A server's log, followed while somebody looks at it: the server holds its answer open.
 *
 * Not while the page, or what shows the log, is out of sight: a browser has few connections. A log
 * that is over is followed again once events tell that its server starts.
 */
export class LogReader implements IDisposable {
  constructor(
    private readonly _sources: ILogSources,
    private readonly _server: IOnTarget
  ) {
    _sources.servers.moved.connect(this._onMoved, this);
    _sources.events.resync.connect(this._hurry, this);
    document.addEventListener('visibilitychange', this._look);
  }

  /** A server that starts again begins a new log. */
  get buffer(): LogBuffer {
    return this._buffer;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get error(): Error | null {
    return this._error;
  }

  get loaded(): boolean {
    return this._loaded;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Whether it can be seen where it is shown. */
  set seen(seen: boolean) {
    this._seen = seen;
    this._look();
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._look();
      document.removeEventListener('visibilitychange', this._look);
      Signal.clearData(this);
    }
  }

  /** Begin to follow, or leave off. */
  private readonly _look = (): void => {
    const wanted = this._seen && !this._over && !document.hidden && !this._isDisposed;
    if (!wanted) {
      window.clearTimeout(this._timer);
      this._timer = 0;
      this._following?.abort();
      this._following = null;
    } else if (!this._following && !this._timer) {
      void this._follow();
    }
  };

  private async _follow(): Promise<void> {
    const following = (this._following = new AbortController());
    let good = false;
    let lost: Error | null = null;
    try {
      const pieces = this._sources.client.followServerLog(
        this._server,
        { offset: this._buffer.end, log: this._log },
        following.signal
      );
      for await (const piece of pieces) {
        if (following.signal.aborted) {
          return;
        }
        good = true;
        this._take(piece);
      }
    } catch (error) {
      lost = error as Error;
    }
    if (following.signal.aborted) {
      return;
    }
    this._following = null;
    if (lost && !good) {
      this._error = lost; // one that was good is made again without a word
    }
    if (lost instanceof ApiError && lost.status === 404) {
      this._over = true;
    }
    if (!this._over) {
      const wait = waitBefore(this._attempt, Math.random());
      this._attempt += 1;
      this._timer = window.setTimeout(this._hurry, wait);
    }
    this._loaded = true;
    this._changed.emit();
  }

  private _take(piece: FollowedLog): void {
    if (piece.log !== this._log || piece.offset < this._buffer.end) {
      this._log = piece.log;
      this._buffer = new LogBuffer();
    }
    this._buffer.add(piece.offset, piece.text, piece.next);
    this._over = piece.end;
    this._attempt = 0;
    this._error = null;
    this._loaded = true;
    this._changed.emit();
  }

  /** The time has come, or the server is there again: do not sit out a long wait. */
  private readonly _hurry = (): void => {
    window.clearTimeout(this._timer);
    this._timer = 0;
    this._look();
  };

  private _onMoved(
    _: unknown,
    { server }: { server: IOnTarget & { state: string } }
  ): void {
    const stands = server.state === 'STOPPED' || server.state === 'FAILED';
    if (this._over && !stands && keyOf(server) === keyOf(this._server)) {
      this._over = false;
      this._hurry();
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private _buffer = new LogBuffer();
  private _log = '';
  private _over = false;
  private _seen = false;
  private _loaded = false;
  private _error: Error | null = null;
  private _following: AbortController | null = null;
  private _attempt = 0;
  private _timer = 0;
  private _isDisposed = false;
}
