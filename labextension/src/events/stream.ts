import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { Order } from './order';
import { LabwrightEvent, readEvent } from './types';

export * from './types';

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

/**
 * Labwright's events from the server's event bus, over a WebSocket of our own: Jupyter's stream
 * does not say when it was away, and a panel that was away must read its state anew.
 */
export class EventStream implements IDisposable {
  constructor(
    private readonly _settings: ServerConnection.ISettings = ServerConnection.makeSettings()
  ) {
    window.addEventListener('online', this._hurry);
    document.addEventListener('visibilitychange', this._hurry);
    this._open();
  }

  /** Every event, in order. */
  get event(): ISignal<this, LabwrightEvent> {
    return this._event;
  }

  /** Events may have been missed: read all state anew. Also emitted at the first connection. */
  get resync(): ISignal<this, void> {
    return this._resync;
  }

  get connected(): boolean {
    return this._socket?.readyState === WebSocket.OPEN;
  }

  get connectedChanged(): ISignal<this, boolean> {
    return this._connectedChanged;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    window.removeEventListener('online', this._hurry);
    document.removeEventListener('visibilitychange', this._hurry);
    window.clearTimeout(this._timer);
    this._socket?.close();
    Signal.clearData(this);
  }

  private _open(): void {
    const { wsUrl, token, appendToken } = this._settings;
    const url = URLExt.join(wsUrl, 'api', 'events', 'subscribe');
    const query = appendToken && token ? `?token=${encodeURIComponent(token)}` : '';
    const socket = new this._settings.WebSocket(url + query);
    this._socket = socket;
    socket.onopen = () => {
      this._attempt = 0;
      this._order.forget();
      this._connectedChanged.emit(true);
      this._resync.emit();
    };
    socket.onmessage = message => this._receive(message.data);
    socket.onclose = () => this._lost(socket);
  }

  private _receive(text: string): void {
    const event = readEvent(text);
    const verdict = event && this._order.check(event);
    if (!event || verdict === 'old') {
      return;
    }
    this._event.emit(event);
    if (verdict === 'gap') {
      this._resync.emit();
    }
  }

  private _lost(socket: WebSocket): void {
    if (this._isDisposed || socket !== this._socket) {
      return;
    }
    this._socket = null;
    if (this._attempt === 0) {
      this._connectedChanged.emit(false);
    }
    this._timer = window.setTimeout(
      () => this._open(),
      waitBefore(this._attempt, Math.random())
    );
    this._attempt += 1;
  }

  /** The network or the person is back: do not sit out a long wait. */
  private _hurry = (): void => {
    if (!this._socket && document.visibilityState === 'visible') {
      window.clearTimeout(this._timer);
      this._open();
    }
  };

  private readonly _order = new Order();
  private readonly _event = new Signal<this, LabwrightEvent>(this);
  private readonly _resync = new Signal<this, void>(this);
  private readonly _connectedChanged = new Signal<this, boolean>(this);
  private _socket: WebSocket | null = null;
  private _timer = 0;
  private _attempt = 0;
  private _isDisposed = false;
}

/** Twice as long each time, and not all browsers at once (`chance` in [0, 1)). */
export function waitBefore(attempt: number, chance: number): number {
  const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
  return longest * (0.5 + chance / 2);
}
