/** From a pipeline to the boxes and lines of its drawing. Pure; knows nothing of React. */

import type {
  Diagnostic,
  Graph,
  GraphStep,
  Parameter,
  StepPreview,
  StepState,
  Value
} from '../api/types';
import type { AnyState } from '../ui/state';
import { namesOf } from './words';

export interface IStepBox {
  readonly kind: 'step';
  readonly id: string;
  readonly step: GraphStep;
  readonly state: AnyState | null;
  /** Why the step is out of date. */
  readonly why: string | null;
  /** The worst that is said of its cells. */
  readonly severity: Diagnostic['severity'] | null;
  readonly remarks: readonly string[];
}

export interface IParameterBox {
  readonly kind: 'parameter';
  readonly id: string;
  readonly parameter: Parameter;
}

export type Box = IStepBox | IParameterBox;

export interface ILink {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  /** data: variables pass. order: one only waits for the other. parameter: a parameter is read. */
  readonly kind: 'data' | 'order' | 'parameter';
  readonly variables: readonly ILinkVariable[];
}

export interface ILinkVariable {
  readonly name: string;
  /** Known after a run. */
  readonly type: string | null;
  readonly bytes: number | null;
}

export interface IDrawing {
  readonly boxes: readonly Box[];
  readonly links: readonly ILink[];
}

export interface IOverlay {
  /** Of a run; goes before the preview. */
  states?: Readonly<Record<string, StepState>>;
  preview?: readonly StepPreview[];
  /** A run's outputs, by the step that made them. */
  values?: Readonly<Record<string, readonly Value[]>>;
}

const SEVERITIES: readonly Diagnostic['severity'][] = ['info', 'warning', 'error'];

export function stepId(name: string): string {
  return `step:${name}`;
}

export function parameterId(name: string): string {
  return `parameter:${name}`;
}

export function drawing(graph: Graph, overlay: IOverlay = {}): IDrawing {
  const previews = new Map(overlay.preview?.map(one => [one.name, one]));
  const steps = graph.steps.map(step =>
    stepBox(step, graph, overlay, previews.get(step.name))
  );
  const links = graph.steps.flatMap(step => linksTo(step, overlay));
  const read = new Set(
    links.filter(link => link.kind === 'parameter').map(one => one.source)
  );
  const parameters = graph.parameters
    .filter(parameter => read.has(parameterId(parameter.name)))
    .map(parameter => ({
      kind: 'parameter' as const,
      id: parameterId(parameter.name),
      parameter
    }));
  const known = new Set([...steps, ...parameters].map(box => box.id));
  return {
    boxes: [...parameters, ...steps],
    // A half-typed notebook may name a step that is not there.
    links: links.filter(link => known.has(link.source) && known.has(link.target))
  };
}

/** What the layout depends on: a drawing with the same shape keeps its places. */
export function shapeOf({ boxes, links }: IDrawing): string {
  return JSON.stringify([
    boxes.map(box => [box.id, heightOf(box)]),
    links.map(link => [link.id, namesOf(link.variables)])
  ]);
}

export const BOX_WIDTH = 168;
const LINE = 17;

/** A box has its height before it is drawn, so that nothing must be measured. */
export function heightOf(box: Box): number {
  return box.kind === 'parameter' ? 28 : 38 + LINE * badgesOf(box.step).length;
}

export type Badge = 'when' | 'foreach' | 'finally';

export function badgesOf(step: GraphStep): Badge[] {
  const badges: [Badge, boolean][] = [
    ['when', step.when !== null],
    ['foreach', step.foreach !== null],
    ['finally', step.finally]
  ];
  return badges.filter(([, there]) => there).map(([name]) => name);
}

function stepBox(
  step: GraphStep,
  graph: Graph,
  overlay: IOverlay,
  preview: StepPreview | undefined
): IStepBox {
  const state = overlay.states?.[step.name] ?? preview?.state ?? null;
  const remarks = graph.diagnostics.filter(
    one => one.cell !== null && step.cells.includes(one.cell)
  );
  const worst = Math.max(-1, ...remarks.map(one => SEVERITIES.indexOf(one.severity)));
  return {
    kind: 'step',
    id: stepId(step.name),
    step,
    state,
    why: state === preview?.state ? (preview?.why ?? null) : null,
    severity: SEVERITIES[worst] ?? null,
    remarks: remarks.map(one => one.message)
  };
}

function linksTo(step: GraphStep, overlay: IOverlay): ILink[] {
  const target = stepId(step.name);
  const bySource = new Map<string | null, ILinkVariable[]>();
  const parameters: ILink[] = [];
  for (const input of step.inputs) {
    if (input.from === null) {
      const source = parameterId(input.name);
      parameters.push({
        id: `${source}>${target}`,
        source,
        target,
        kind: 'parameter',
        variables: []
      });
      continue;
    }
    const value = overlay.values?.[input.from]?.find(one => one.name === input.name);
    const variables = bySource.get(input.from) ?? [];
    variables.push({
      name: input.name,
      type: value?.type ?? null,
      bytes: value?.bytes ?? null
    });
    bySource.set(input.from, variables);
  }
  const data = [...bySource].map(([name, variables]): ILink => {
    const source = stepId(name!);
    return { id: `${source}>${target}`, source, target, kind: 'data', variables };
  });
  const order = step.after
    .filter(name => !bySource.has(name))
    .map((name): ILink => {
      const source = stepId(name);
      return {
        id: `${source}>${target}`,
        source,
        target,
        kind: 'order',
        variables: []
      };
    });
  return [...parameters, ...data, ...order];
}
