/** Graphs for tests. */
import type { Graph, GraphStep } from '../api/types';

export function graphStep(name: string, more: Partial<GraphStep> = {}): GraphStep {
  return {
    name,
    cells: [],
    inputs: [],
    outputs: [],
    after: [],
    when: null,
    foreach: null,
    finally: false,
    settings: {},
    ...more
  };
}

export function graph(steps: GraphStep[], more: Partial<Graph> = {}): Graph {
  return {
    name: 'digits',
    parameters: [],
    steps,
    cells: [],
    diagnostics: [],
    ...more
  };
}
