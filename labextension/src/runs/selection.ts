/** Which runs of the list are selected, as lists do it everywhere. Pure but for the signal. */
import { ISignal, Signal } from '@lumino/signaling';

export interface Selection {
  /** In the order they were selected. */
  readonly ids: readonly string[];
  /** Where the keyboard is. */
  readonly current: string | null;
  /** Where a stretch begins that shift extends. */
  readonly anchor: string | null;
}

export const NOTHING: Selection = { ids: [], current: null, anchor: null };

export function only(id: string): Selection {
  return { ids: [id], current: id, anchor: id };
}

export function toggled({ ids }: Selection, id: string): Selection {
  const rest = ids.filter(other => other !== id);
  return {
    ids: rest.length < ids.length ? rest : [...ids, id],
    current: id,
    anchor: id
  };
}

/** Everything between the anchor and this run. */
export function stretched(
  selection: Selection,
  id: string,
  order: readonly string[]
): Selection {
  const from = order.indexOf(selection.anchor ?? id);
  const to = order.indexOf(id);
  if (from < 0 || to < 0) {
    return only(id);
  }
  const ids = order.slice(Math.min(from, to), Math.max(from, to) + 1);
  return {
    ids: from <= to ? ids : [...ids].reverse(),
    current: id,
    anchor: selection.anchor ?? id
  };
}

/** Where a key leads in a list of `count`, from `index` (-1: nowhere yet); null: no such key. */
export function keyTarget(
  key: string,
  index: number,
  count: number,
  page: number
): number | null {
  const last = count - 1;
  switch (key) {
    case 'ArrowDown':
      return Math.min(last, index + 1);
    case 'ArrowUp':
      return Math.max(0, index - 1);
    case 'PageDown':
      return Math.min(last, Math.max(0, index) + page);
    case 'PageUp':
      return Math.max(0, index - page);
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return null;
  }
}

/** The selection of the list, and whether commands mean it or the run view in front. */
export class Focus {
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get selection(): Selection {
    return this._selection;
  }

  /** The runs that a command without arguments means. */
  get ids(): readonly string[] {
    return this._view === null ? this._selection.ids : [this._view];
  }

  select(selection: Selection): void {
    this._selection = selection;
    this._view = null;
    this._changed.emit();
  }

  /** The list got the focus. */
  list(): void {
    this.view(null);
  }

  /** A run's own view got the focus, or lost it for good. */
  view(runId: string | null): void {
    if (runId !== this._view) {
      this._view = runId;
      this._changed.emit();
    }
  }

  drop(runId: string): void {
    const { ids, current, anchor } = this._selection;
    if (ids.includes(runId) || current === runId) {
      this._selection = {
        ids: ids.filter(id => id !== runId),
        current: current === runId ? null : current,
        anchor: anchor === runId ? null : anchor
      };
      this._changed.emit();
    }
  }

  private _selection: Selection = NOTHING;
  private _view: string | null = null;
  private readonly _changed = new Signal<this, void>(this);
}
