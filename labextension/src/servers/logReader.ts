import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';

import type { Client, IOnTarget } from '../api';
import { LogBuffer } from '../runs/logbuffer';

const CHUNK = 1 << 19;
const OFTEN = { interval: 1500, max: 30_000, backoff: true };

/**
 * A server's log, read on while somebody looks at it.
 *
 * No target tells of what its servers print, so it is asked for; not while the page, or what shows
 * the log, is out of sight.
 */
export class LogReader implements IDisposable {
  constructor(
    private readonly _client: Pick<Client, 'serverLog'>,
    private readonly _server: IOnTarget,
    seen: () => boolean
  ) {
    this._poll = new Poll({
      factory: () => this._read(),
      frequency: OFTEN,
      standby: () => (document.hidden || !seen() ? true : 'when-hidden')
    });
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
    return this._poll.isDisposed;
  }

  dispose(): void {
    this._abort.abort();
    this._poll.dispose();
    Signal.clearData(this);
  }

  private async _read(): Promise<void> {
    try {
      for (;;) {
        const offset = this._buffer.end;
        const piece = await this._client.serverLog(
          this._server,
          offset,
          CHUNK,
          this._abort.signal
        );
        if (piece.offset < offset || piece.next < offset) {
          this._buffer = new LogBuffer();
          continue;
        }
        this._buffer.add(piece.offset, piece.text, piece.next);
        if (piece.next <= offset || piece.end) {
          break;
        }
        this._changed.emit();
      }
      this._error = null;
    } catch (error) {
      if (this._abort.signal.aborted) {
        return;
      }
      this._error = error as Error;
      throw error; // the next look is later
    } finally {
      this._loaded = true;
      this._changed.emit();
    }
  }

  private readonly _poll: Poll;
  private readonly _abort = new AbortController();
  private readonly _changed = new Signal<this, void>(this);
  private _buffer = new LogBuffer();
  private _loaded = false;
  private _error: Error | null = null;
}
