/** A run with its steps, kept current by events. Pure: each answer is a new object. */
import { runKey, type Run, type RunSummary, type Step } from '../api';
import type { Numbered } from './order';

export type DetailEvent = Numbered &
  (
    | { type: 'run'; run: RunSummary }
    | { type: 'step'; run_id: string; target: string; step: Step }
  );

export function runOf(event: DetailEvent): string {
  return runKey(event.type === 'run' ? event.run : event);
}

/** What tells one step from another: in a loop a step is there once for each turn. */
export function stepKey(step: Pick<Step, 'name' | 'iteration'>): string {
  return step.iteration == null ? step.name : `${step.name}@${step.iteration}`;
}

/** For the order of events: about which thing the event is. */
export function subject(event: DetailEvent): string {
  return event.type === 'run' ? 'run' : `step:${stepKey(event.step)}`;
}

export function advance(run: Run, event: DetailEvent): Run {
  if (event.type === 'run') {
    return { ...run, ...event.run };
  }
  return { ...run, steps: withStep(run, event.step) };
}

function withStep(run: Run, step: Step): Step[] {
  const key = stepKey(step);
  const index = run.steps.findIndex(s => stepKey(s) === key);
  if (index >= 0) {
    return run.steps.map((s, i) => (i === index ? step : s));
  }
  // A turn of a loop comes into being; what stood for the loop before its first turn makes room.
  const rest =
    step.iteration == null
      ? run.steps
      : run.steps.filter(s => s.name !== step.name || s.iteration != null);
  const order = run.graph.steps.map(s => s.name);
  const place = order.indexOf(step.name);
  const behind = rest.findIndex(s => order.indexOf(s.name) > place);
  const at = behind < 0 ? rest.length : behind;
  return [...rest.slice(0, at), step, ...rest.slice(at)];
}

/** A step's state in the graph, where all its turns are one node. */
export function combined(steps: readonly Step[]): Step['state'] | null {
  const states = new Set(steps.map(step => step.state));
  const order: Step['state'][] = ['FAILED', 'RUNNING', 'CANCELING', 'CANCELED'];
  const first = order.find(state => states.has(state));
  if (first) {
    return first;
  }
  if (states.has('PENDING')) {
    return states.has('SUCCEEDED') ? 'RUNNING' : 'PENDING';
  }
  return states.has('SUCCEEDED')
    ? 'SUCCEEDED'
    : states.has('SKIPPED')
      ? 'SKIPPED'
      : null;
}

/** The step a person most likely wants to see: what failed, else what runs, else the last. */
export function telling(steps: readonly Step[]): Step | undefined {
  return (
    steps.find(step => step.state === 'FAILED') ??
    [...steps].reverse().find(step => step.state === 'RUNNING') ??
    [...steps].reverse().find(step => step.started_at !== null && !step.cached) ??
    steps[0]
  );
}
