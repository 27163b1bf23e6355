/**
 * The runs that are known, and which of them the list shows in which order.
 *
 * Two sources fill it: pages that the server answers, and events. A page may have been read
 * before an event that overtook it, so whoever asks for one notes the `clock` first and hands it
 * back with the page: what events have told since then stands.
 */
import { runKey, type Remark, type RunList, type RunSummary } from '../api';
import { EVERYTHING, matches, type RunFilter } from './filter';
import { EventOrder, type Numbered } from './order';

export type RunEvent = Numbered &
  (
    | { type: 'run'; run: RunSummary }
    | { type: 'deleted' | 'archived'; run_id: string; target: string }
  );

export interface Change {
  readonly before: RunSummary | undefined;
  /** Undefined: the run is gone. */
  readonly after: RunSummary | undefined;
}

/** The newest first, as the server sorts. */
export function newestFirst(one: RunSummary, other: RunSummary): number {
  const [first, second] = [moment(one.created_at), moment(other.created_at)];
  if (first !== second) {
    return first < second ? 1 : -1;
  }
  return one.run_id < other.run_id ? 1 : one.run_id > other.run_id ? -1 : 0;
}

/** Times of one zone as texts that sort: targets give fractions of a second, or none. */
function moment(iso: string): string {
  return iso.length === 27
    ? iso
    : iso
        .replace('Z', '')
        .replace(/^[^.]*$/, '$&.')
        .padEnd(26, '0') + 'Z';
}

export class Listing {
  /** How many runs match the filter on the server, loaded or not. */
  total = 0;
  /** The cursor of the next page; null where all are loaded. */
  next: string | null = null;
  /** The first page is here. */
  loaded = false;
  /** Why targets are left out; their runs are shown as they were. */
  remarks: readonly Remark[] = [];

  get filter(): RunFilter {
    return this._filter;
  }

  get clock(): number {
    return this._clock;
  }

  /** The keys of the runs to show, the newest first. */
  get ids(): readonly string[] {
    return this._ids;
  }

  get(id: string): RunSummary | undefined {
    return this._runs.get(id);
  }

  /** Every run heard of, in no order. */
  known(): IterableIterator<RunSummary> {
    return this._runs.values();
  }

  /** Show other runs. What is known of them is shown at once, until the first page comes. */
  narrow(filter: RunFilter): void {
    this._filter = filter;
    const all = [...this._runs.values()]
      .filter(run => matches(run, filter))
      .sort(newestFirst);
    this._ids = all.map(runKey);
    this.total = all.length;
    this.next = null;
    this.loaded = false;
  }

  /** Take in an event. Null: it was no news. */
  apply(event: RunEvent): Change | null {
    const id = runKey(event.type === 'run' ? event.run : event);
    if (!this._order.accept(id, event)) {
      return null;
    }
    this._clock += 1;
    this._touched.set(id, this._clock);
    const before = this._runs.get(id);
    const after = event.type === 'run' ? event.run : undefined;
    this._put(id, after);
    this._place(id, before, after);
    return { before, after };
  }

  /** What an own request answered about one run, asked for at `since`. */
  learn(run: RunSummary, since: number): Change | null {
    const id = runKey(run);
    if (this._overtaken(id, since)) {
      return null;
    }
    const before = this._runs.get(id);
    this._put(id, run);
    this._place(id, before, run);
    return { before, after: run };
  }

  /** A run is gone, as an own request was told. */
  forget(id: string): Change {
    const before = this._runs.get(id);
    this._clock += 1;
    this._touched.set(id, this._clock);
    this._put(id, undefined);
    this._place(id, before, undefined);
    return { before, after: undefined };
  }

  /**
   * Put the first page or pages in the place of all that is listed; returns what changed.
   *
   * A listed run that the pages no longer hold, though they reach beyond it, was deleted or no
   * longer matches while nobody listened; but not where its target did not answer.
   */
  replace(pages: RunList, since: number): Change[] {
    const fresh = pages.runs.filter(run => !this._overtaken(runKey(run), since));
    const changes: Change[] = fresh.map(run => ({
      before: this._runs.get(runKey(run)),
      after: run
    }));
    fresh.forEach(run => this._put(runKey(run), run));
    const ids = new Set(pages.runs.map(runKey));
    const away = new Set(pages.remarks.map(({ target }) => target));
    const last = pages.next === null ? undefined : pages.runs[pages.runs.length - 1];
    for (const [id, run] of this._runs) {
      const within = !last || newestFirst(run, last) <= 0;
      if (
        !ids.has(id) &&
        !away.has(run.target) &&
        within &&
        matches(run, this._filter) &&
        !this._overtaken(id, since)
      ) {
        this._put(id, undefined);
        changes.push({ before: run, after: undefined });
      }
    }
    this.next = pages.next;
    this.loaded = true;
    this.remarks = pages.remarks;
    const shown = [...this._runs.values()].filter(
      run => matches(run, this._filter) && (!last || newestFirst(run, last) <= 0)
    );
    this._ids = shown.sort(newestFirst).map(runKey);
    const kept = shown.filter(run => away.has(run.target)).length;
    this.total = Math.max(pages.total + kept, this._ids.length);
    return changes;
  }

  /** Put a further page behind what is listed. */
  append(page: RunList, since: number): void {
    const listed = new Set(this._ids);
    for (const run of page.runs) {
      const id = runKey(run);
      if (!this._overtaken(id, since)) {
        this._put(id, run);
      }
    }
    for (const id of page.runs.map(runKey)) {
      const run = this._runs.get(id);
      if (run && matches(run, this._filter) && !listed.has(id)) {
        this._ids.push(id);
      }
    }
    this.next = page.next;
    this._ids.sort((a, b) => newestFirst(this._runs.get(a)!, this._runs.get(b)!));
    this.total = Math.max(this.total, page.total, this._ids.length);
  }

  private _overtaken(id: string, since: number): boolean {
    return (this._touched.get(id) ?? -1) > since;
  }

  private _put(id: string, run: RunSummary | undefined): void {
    if (run) {
      this._runs.set(id, run);
    } else {
      this._runs.delete(id);
    }
  }

  /** List the run, or take it from the list, where the change asks for it. */
  private _place(id: string, before?: RunSummary, after?: RunSummary): void {
    const was = before !== undefined && matches(before, this._filter);
    const is = after !== undefined && matches(after, this._filter);
    const index = before === undefined ? -1 : this._ids.indexOf(id);
    if (is && index < 0) {
      const position = this._ids.findIndex(
        i => newestFirst(after, this._runs.get(i)!) < 0
      );
      if (position >= 0) {
        this._ids.splice(position, 0, id);
      } else if (this.next === null) {
        this._ids.push(id);
      } // else it lies on a page that is still to come
    } else if (!is && index >= 0) {
      this._ids.splice(index, 1);
    }
    this.total = Math.max(this.total + Number(is) - Number(was), this._ids.length);
  }

  private _filter: RunFilter = EVERYTHING;
  private _ids: string[] = [];
  private _clock = 0;
  private readonly _runs = new Map<string, RunSummary>();
  private readonly _touched = new Map<string, number>();
  private readonly _order = new EventOrder();
}
