/** Runs and steps for tests. */
import type { Run, RunSummary, Step } from '../api';
import { graph, graphStep } from '../graph/samples';

const DAY = Date.UTC(2026, 0, 1);

/** A later number is a newer run. */
export function summary(n: number, more: Partial<RunSummary> = {}): RunSummary {
  const at = new Date(DAY + n * 60_000).toISOString();
  return {
    run_id: `r${n}`,
    name: 'digits',
    target: 'local',
    experiment: null,
    state: 'SUCCEEDED',
    path: 'digits.ipynb',
    notebook: '/home/me/digits.ipynb',
    created_at: at,
    started_at: at,
    finished_at: null,
    parameters: {},
    metrics: {},
    progress: { total: 3, done: 3, cached: 0, running: 0, failed: 0 },
    error: null,
    reason: null,
    ...more
  };
}

export function step(name: string, more: Partial<Step> = {}): Step {
  return {
    name,
    iteration: null,
    state: 'PENDING',
    cached: false,
    retries: 0,
    started_at: null,
    finished_at: null,
    has_notebook: false,
    inputs: [],
    outputs: [],
    error: null,
    ...more
  };
}

export function detail(steps: Step[], more: Partial<Run> = {}): Run {
  const names = [...new Set(steps.map(s => s.name))];
  return {
    ...summary(1),
    dir: '/home/me/runs/r1',
    diagnostics: [],
    outputs: {},
    steps,
    graph: graph(names.map(name => graphStep(name))),
    ...more
  };
}
