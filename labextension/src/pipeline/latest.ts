import { ISignal, Signal } from '@lumino/signaling';

export interface IAnswer<Q, A> {
  readonly question: Q;
  readonly answer?: A;
  readonly failure?: unknown;
}

interface IOptions {
  /** How long a question rests, in ms, so that a newer one may take its place. */
  delay: number;
  /** How long to wait for an answer, in ms, before the next question may go out. */
  patience?: number;
}

/**
 * Asks the newest question only: one at a time, and no answer replaces a newer one's.
 *
 * A server that answers slowly is asked less often, not more.
 */
export class Latest<Q, A> {
  constructor(
    private readonly _ask: (question: Q, signal: AbortSignal) => Promise<A>,
    private readonly _options: IOptions
  ) {}

  get answered(): ISignal<this, IAnswer<Q, A>> {
    return this._answered;
  }

  /** Whether the newest question still waits for its answer. */
  get busy(): boolean {
    return this._next !== null || this._asking !== null;
  }

  /** Ask `question` once it has rested; a question that still rests is forgotten. */
  put(question: Q, delay = this._options.delay): void {
    this._next = { question };
    window.clearTimeout(this._timer);
    this._timer = window.setTimeout(() => {
      this._rested = true;
      this._go();
    }, delay);
    this._rested = false;
  }

  /** Forget what was asked; a late answer is not heard. */
  clear(): void {
    window.clearTimeout(this._timer);
    this._next = null;
    this._asking?.abort();
    this._asking = null;
  }

  private _go(): void {
    if (!this._next || !this._rested || this._asking) {
      return;
    }
    const { question } = this._next;
    const asking = new AbortController();
    const giveUp = window.setTimeout(() => {
      asking.abort();
      done({ question, failure: new Error('timeout') });
    }, this._options.patience ?? 15_000);
    const done = (answer: IAnswer<Q, A>): void => {
      window.clearTimeout(giveUp);
      if (this._asking !== asking) {
        return; // it was given up, and a newer question may be answered by now
      }
      this._asking = null;
      this._answered.emit(answer);
      this._go();
    };
    this._next = null;
    this._asking = asking;
    this._ask(question, asking.signal).then(
      answer => done({ question, answer }),
      failure => done({ question, failure })
    );
  }

  private readonly _answered = new Signal<this, IAnswer<Q, A>>(this);
  private _next: { question: Q } | null = null;
  private _rested = false;
  private _asking: AbortController | null = null;
  private _timer = 0;
}
