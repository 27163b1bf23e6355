import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Server } from '../api';
import { keyOf, type ServersModel } from './model';
import { leftText, secondsLeft, sentence } from './words';

/** What to be told of: everything, only what needs somebody, or nothing. */
export type Wanted = 'all' | 'warnings' | 'none';

export interface IWord {
  readonly kind: 'success' | 'warning' | 'error';
  readonly text: string;
}

const EARLY = 600;
const SUCCESS_MS = 8000;

/** How long before its end somebody is told: ten minutes, or a quarter of a short time. */
export function early({ idle_after: idle }: Server): number {
  return Math.min(EARLY, idle ? idle / 4 : EARLY);
}

/** What to say of a server that has moved; null where the person did it and knows. */
export function wordOf(
  before: Server | null,
  server: Server,
  stoppedHere: boolean,
  trans: TranslationBundle
): IWord | null {
  const { name, state, message, stop_reason: reason } = server;
  if (!before || before.state === state) {
    return null;
  }
  if (state === 'RUNNING' && before.state !== 'STOPPING') {
    return { kind: 'success', text: trans.__('The server %1 is ready', name) };
  }
  if (state === 'FAILED') {
    const text = message
      ? trans.__('The server %1 failed: %2', name, message)
      : trans.__('The server %1 failed', name);
    return { kind: 'error', text };
  }
  if (state === 'STOPPED' && !stoppedHere && reason) {
    const text = trans.__('The server %1 stopped. %2', name, sentence(reason));
    return { kind: 'warning', text };
  }
  return null;
}

/** Tells of servers that are ready, have failed, were stopped, or are about to be. */
export class Teller {
  constructor(
    private readonly _servers: ServersModel,
    private readonly _trans: TranslationBundle,
    private readonly _open: (server: Server) => void
  ) {
    _servers.moved.connect((_, { before, server }) => {
      const here = _servers.stoppedHere(server);
      const word = wordOf(before, server, here, _trans);
      if (word && !this._silences(word)) {
        this._say(word, server, server.state === 'RUNNING');
      }
    });
    _servers.changed.connect(this._warn, this);
  }

  wanted: Wanted = 'all';

  /** Warn of ends that are near, and look again when the next one will be. */
  private _warn(): void {
    window.clearTimeout(this._timer);
    const now = Date.now();
    let next = Infinity;
    for (const server of this._servers.all) {
      const left = secondsLeft(server, now);
      const key = keyOf(server);
      if (left === null) {
        this._warned.delete(key);
        continue;
      }
      const due = left - early(server);
      if (due > 0) {
        this._warned.delete(key);
        next = Math.min(next, due);
      } else if (!this._warned.has(key) && left > 0) {
        this._warned.add(key);
        const how = leftText(left, this._trans);
        const text = this._trans.__('The server %1 is idle: %2', server.name, how);
        if (this.wanted !== 'none') {
          this._say({ kind: 'warning', text }, server, true);
        }
      }
    }
    if (next < 86_400) {
      this._timer = window.setTimeout(() => this._warn(), next * 1000 + 500);
    }
  }

  private _silences({ kind }: IWord): boolean {
    return this.wanted === 'none' || (this.wanted === 'warnings' && kind === 'success');
  }

  private _say({ kind, text }: IWord, server: Server, opens: boolean): void {
    const open = {
      label: this._trans.__('Open'),
      callback: () => this._open(server)
    };
    Notification.emit(text, kind, {
      // What went wrong, or will, stays until somebody has seen it.
      autoClose: kind === 'success' ? SUCCESS_MS : false,
      actions: opens ? [open] : []
    });
  }

  private readonly _warned = new Set<string>();
  private _timer = 0;
}
