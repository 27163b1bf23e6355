import type { LabwrightEvent } from './types';

export type Verdict = 'next' | 'gap' | 'old';

/** Notices where events were missed: numbers run without a gap within one life of an agent. */
export class Order {
  /**
   * next: nothing lies between. gap: something was missed, all state must be read anew.
   * old: it is known already.
   */
  check(event: LabwrightEvent): Verdict {
    if (event.type === 'agent') {
      const moved = event.state === 'connected';
      if (moved) {
        this.forget();
        this._epoch = event.epoch;
      }
      return moved ? 'gap' : 'next';
    }
    const known = this._epoch === event.epoch ? this._seq : null;
    if (known !== null && event.seq <= known) {
      return 'old';
    }
    // The first event after a connection follows what the consumers just read.
    const gap =
      known === null
        ? this._epoch !== null && this._epoch !== event.epoch
        : event.seq > known + 1;
    this._epoch = event.epoch;
    this._seq = event.seq;
    return gap ? 'gap' : 'next';
  }

  /** A new connection begins: whatever comes next is the next. */
  forget(): void {
    this._epoch = null;
    this._seq = null;
  }

  private _epoch: string | null = null;
  private _seq: number | null = null;
}
