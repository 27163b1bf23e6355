/**
 * Says which events are news.
 *
 * The agent numbers its events; its epoch changes when it starts anew. The same event may come
 * twice, and after a lost connection an old one may come late: neither may undo what is newer.
 */
export interface Numbered {
  readonly epoch: string;
  readonly seq: number;
}

export class EventOrder {
  /** Whether the event is newer than all accepted for this key; if so it counts as accepted. */
  accept(key: string, event: Numbered): boolean {
    if (event.epoch !== this._epoch) {
      if (this._retired.has(event.epoch)) {
        return false;
      }
      if (this._epoch !== null) {
        this._retired.add(this._epoch);
      }
      this._epoch = event.epoch;
      this._last.clear();
    }
    const last = this._last.get(key);
    if (last !== undefined && event.seq <= last) {
      return false;
    }
    this._last.set(key, event.seq);
    return true;
  }

  private _epoch: string | null = null;
  private readonly _retired = new Set<string>();
  private readonly _last = new Map<string, number>();
}
