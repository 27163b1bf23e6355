/** Which runs the list shows. The server filters pages by it, and this file filters events alike. */
import type { RunSummary, State } from '../api';

export interface RunFilter {
  readonly target: string | null;
  readonly experiment: string | null;
  readonly state: State | null;
  readonly text: string;
}

export const EVERYTHING: RunFilter = {
  target: null,
  experiment: null,
  state: null,
  text: ''
};

export const ACTIVE_STATES: readonly State[] = ['PENDING', 'RUNNING', 'CANCELING'];

export function isActive(state: State): boolean {
  return ACTIVE_STATES.includes(state);
}

export function isFiltered(filter: RunFilter): boolean {
  return Boolean(
    filter.target || filter.experiment || filter.state || filter.text.trim()
  );
}

export function sameFilter(one: RunFilter, other: RunFilter): boolean {
  return (
    one.target === other.target &&
    one.experiment === other.experiment &&
    one.state === other.state &&
    one.text.trim() === other.text.trim()
  );
}

export function matches(run: RunSummary, filter: RunFilter): boolean {
  if (filter.target && run.target !== filter.target) {
    return false;
  }
  if (filter.experiment && run.experiment !== filter.experiment) {
    return false;
  }
  if (filter.state && run.state !== filter.state) {
    return false;
  }
  const text = filter.text.trim().toLowerCase();
  return (
    !text ||
    [run.name, run.run_id, run.notebook].some(s => s?.toLowerCase().includes(text))
  );
}
