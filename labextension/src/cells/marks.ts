/**
 * What each cell is in the pipeline, by its own tags and those above it: the rules of
 * `notebook/marks.py` and `plan.py` that need no look at the code, so that colours and names on
 * cells follow a click at once. What is wrong in a notebook only the server says.
 */

import type { PartialJSONObject } from '@lumino/coreutils';

import { IStepLine, readStepLine } from './stepline';

/** The name of the step that code above the first mark makes. */
export const SETUP = 'setup';
const METRICS_STEP = 'metrics';

export type PreludeRole = 'parameters' | 'imports' | 'functions';
export type Role = PreludeRole | 'step' | 'skip';

/** A cell as far as the pipeline goes. */
export interface ICellState {
  readonly id: string;
  readonly kind: 'code' | 'markdown' | 'raw';
  readonly tags: readonly string[];
  /** Cell metadata `labwright`. */
  readonly settings: PartialJSONObject | null;
  readonly source: string;
}

export interface ICellMark {
  readonly index: number;
  readonly id: string;
  /** Null for a cell that plays no part: text, or nothing but comments above the first step. */
  readonly role: Role | null;
  readonly step: string | null;
  /** It names its step itself, by tag or line. */
  readonly starts: boolean;
  readonly metrics: boolean;
  readonly line: IStepLine | null;
}

const ROLES: readonly (PreludeRole | 'skip')[] = [
  'skip',
  'parameters',
  'imports',
  'functions'
];
const KALE_ROLES: Record<string, string> = {
  'pipeline-parameters': 'parameters',
  'pipeline-metrics': 'metrics'
};
const KALE_SETTINGS = /^(prev|limit|annotation|label|secret|image|cache):/;
const STEP_TAG = /^(?:step|block):\s*(.*\S)\s*$/;
const IDLE = /^\s*(#.*|%((re|un)?load_ext[ \t]+labwright|pipeline)\b.*)?$/;

/** Every cell's mark, in notebook order. `whole`: the one step of a notebook that names none. */
export function readMarks(
  cells: readonly ICellState[],
  whole = 'notebook'
): ICellMark[] {
  const own = cells.map(readOwn);
  const untitled = !own.some(mark => mark.step !== null);
  let current: string | null = null;
  let continues: string | null = null;
  return cells.map((cell, index): ICellMark => {
    const { role, step, metrics, line, follow } = own[index];
    const mark = { index, id: cell.id, role, step: null, starts: false, metrics, line };
    if (cell.kind !== 'code') {
      return mark;
    }
    let played: Role | null = role;
    let counts = metrics;
    if (role === null && step === null && !metrics) {
      if (continues === 'parameters') {
        played = 'parameters';
      } else if (current === null && isIdle(cell.source)) {
        return mark;
      }
      counts = continues === 'metrics';
    } else if (role !== 'skip') {
      continues = follow;
    }
    if (played !== null) {
      return { ...mark, role: played };
    }
    current = step ?? current ?? (untitled ? whole : counts ? METRICS_STEP : SETUP);
    return {
      ...mark,
      role: 'step',
      step: current,
      starts: step !== null,
      metrics: counts
    };
  });
}

/** Whether anybody ever marked this notebook as a pipeline. */
export function isMarked(cells: readonly ICellState[]): boolean {
  return cells.some(cell => {
    const mark = cell.kind === 'code' ? readOwn(cell) : null;
    return mark !== null && (mark.role !== null || mark.step !== null || mark.metrics);
  });
}

/** The steps, in the order of the notebook. */
export function stepNames(marks: readonly ICellMark[]): string[] {
  const names = marks
    .map(mark => mark.step)
    .filter((step): step is string => step !== null);
  return [...new Set(names)];
}

/** The step a tag names, or null. */
export function taggedStep(tag: string): string | null {
  return STEP_TAG.exec(tag)?.[1] ?? null;
}

/** Whether a tag gives the cell a role of its own: `imports`, `skip`, … */
export function isRoleTag(tag: string): boolean {
  return [...ROLES, 'metrics'].includes(KALE_ROLES[tag] ?? tag);
}

export function isMetricsTag(tag: string): boolean {
  return (KALE_ROLES[tag] ?? tag) === 'metrics';
}

/** Whether a tag is one of Kale's that set something on the step: `limit:…`, `prev:…`, … */
export function isSettingTag(tag: string): boolean {
  return KALE_SETTINGS.test(tag);
}

/** What is wrong with a step's name; null where it is fine. */
export function nameProblem(
  name: string,
  others: readonly string[]
): 'empty' | 'illegal' | 'alike' | null {
  if (!name) {
    return 'empty';
  }
  if (!/^[A-Za-z_][A-Za-z0-9_-]{0,62}$/.test(name) || !stepKey(name)) {
    return 'illegal';
  }
  const alike = others.some(
    other => other !== name && stepKey(other) === stepKey(name)
  );
  return alike ? 'alike' : null;
}

/** What is left of a step's name in Kubernetes; two steps must not share it. */
export function stepKey(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}

interface IOwnMark {
  role: PreludeRole | 'skip' | null;
  step: string | null;
  metrics: boolean;
  line: IStepLine | null;
  follow: string | null;
}

function readOwn(cell: ICellState): IOwnMark {
  if (cell.kind !== 'code') {
    return { role: null, step: null, metrics: false, line: null, follow: null };
  }
  const said = cell.tags.map(tag => KALE_ROLES[tag] ?? tag);
  const role = ROLES.find(one => said.includes(one)) ?? null;
  const line = readStepLine(cell.source);
  const step =
    cell.tags.map(taggedStep).find(name => name !== null) ?? line?.name ?? null;
  const kale = cell.tags.map(tag => KALE_ROLES[tag]).filter(Boolean);
  return {
    role,
    step: role === null ? step : null,
    metrics: role === null && said.includes('metrics'),
    line,
    follow: kale[kale.length - 1] ?? null
  };
}

/** The step of a notebook that names none: `01 My work.ipynb` gives `step_01_My_work`. */
export function nameFromFile(path: string): string {
  const stem = (path.split('/').pop() ?? '').replace(/\.[^.]*$/, '') || 'notebook';
  let name = stem.replace(/[^A-Za-z0-9_-]+/g, '_').replace(/^[_-]+|[_-]+$/g, '');
  if (!/^[A-Za-z]/.test(name)) {
    name = `step_${name}`.replace(/_+$/, '');
  }
  return name.slice(0, 63).replace(/[_-]+$/, '');
}

function isIdle(source: string): boolean {
  return source.split('\n').every(line => IDLE.test(line));
}
