/** What the comparison of two runs shows. Pure. */
import type { Comparison, Difference, StepDifference } from '../api';
import { isNumber } from '../runs/series';

export interface Row extends Difference {
  /** Right minus left, of numbers. */
  readonly change: number | null;
}

export interface StepRow extends StepDifference {
  /** Shares of the longest step. */
  readonly leftShare: number;
  readonly rightShare: number;
  readonly change: number | null;
}

/** What differs first; within that the given order. */
export function rows(differences: readonly Difference[]): Row[] {
  return [...differences]
    .sort((one, other) => Number(one.equal) - Number(other.equal))
    .map(one => ({
      ...one,
      change: isNumber(one.left) && isNumber(one.right) ? one.right - one.left : null
    }));
}

export function stepRows(steps: readonly StepDifference[]): StepRow[] {
  const times = steps.flatMap(step => [
    step.left_seconds ?? 0,
    step.right_seconds ?? 0
  ]);
  const longest = Math.max(...times, Number.MIN_VALUE);
  return steps.map(step => ({
    ...step,
    leftShare: (step.left_seconds ?? 0) / longest,
    rightShare: (step.right_seconds ?? 0) / longest,
    change:
      step.left_seconds !== null && step.right_seconds !== null
        ? step.right_seconds - step.left_seconds
        : null
  }));
}

/** How many cells a diff of a notebook touches; 0: the code is the same. */
export function changedCells(diff: Comparison['diff']): number {
  const entries = (diff ?? []) as unknown as DiffEntry[];
  const cells = entries.find(entry => entry.key === 'cells')?.diff ?? [];
  return cells.reduce(
    (sum, entry) => sum + (entry.valuelist?.length ?? entry.length ?? 1),
    0
  );
}

interface DiffEntry {
  op: string;
  key: string | number;
  diff?: DiffEntry[];
  valuelist?: unknown[];
  length?: number;
}
