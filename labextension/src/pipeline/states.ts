import type { Step, StepState, Value } from '../api/client';

const URGENT: readonly StepState[] = [
  'FAILED',
  'RUNNING',
  'CANCELING',
  'PENDING',
  'CANCELED'
];

function rank(state: StepState): number {
  const place = URGENT.indexOf(state);
  return place < 0 ? URGENT.length : place;
}

/** One state for each step; of a loop's turns the one that most wants to be seen. */
export function statesOf(steps: readonly Step[]): Record<string, StepState> {
  const states: Record<string, StepState> = {};
  for (const { name, state } of steps) {
    const before = states[name];
    if (!before || rank(state) < rank(before)) {
      states[name] = state;
    }
  }
  return states;
}

export function valuesOf(steps: readonly Step[]): Record<string, readonly Value[]> {
  return Object.fromEntries(steps.map(step => [step.name, step.outputs]));
}
