/**
 * What each gesture writes to the cells, worked out before anything is written.
 *
 * Two rules hold throughout: a cell nobody touched stays in its step (an untagged follower gets
 * the tag where the cell that carried it leaves), and a step keeps its settings as long as it has
 * a cell. `when` needs no care: it reads variables, never steps.
 */

import type { PartialJSONObject } from '@lumino/coreutils';

import { Draft, IEdit } from './draft';
import { ICellMark, ICellState, isSettingTag } from './marks';
import { place, settle } from './settle';

export type CellRole = 'imports' | 'functions' | 'parameters' | 'metrics' | 'skip';

/** Settings that add up when two steps become one; the others are one step's own business. */
const ADDING = new Set(['packages', 'resources', 'env', 'volumes', 'secrets', 'after']);

/**
 * The cells become `name`, and so do, with `followers`, the untagged ones below each.
 *
 * Where that takes every cell of a step, the step is renamed: what names it follows.
 */
export function startStep(
  cells: readonly ICellState[],
  indexes: readonly number[],
  name: string,
  followers = true
): IEdit {
  const draft = new Draft(cells);
  const chosen = codeCells(draft, indexes);
  const hadSteps = draft.before.some(mark => mark.starts);
  const edited = new Set(chosen);
  if (followers || !hadSteps) {
    chosen.forEach(index =>
      followersOf(draft.before, index).forEach(one => edited.add(one))
    );
  }
  place(draft, chosen, edited, name);
  settle(draft, edited);
  return draft.edit();
}

/** The cells, and no others, move into a step. */
export function moveToStep(
  cells: readonly ICellState[],
  indexes: readonly number[],
  name: string
): IEdit {
  return startStep(cells, indexes, name, false);
}

/** The cells get a role, or by null none: then they belong to the step above. */
export function setRole(
  cells: readonly ICellState[],
  indexes: readonly number[],
  role: CellRole | null
): IEdit {
  const draft = new Draft(cells);
  const chosen = codeCells(draft, indexes);
  for (const index of chosen) {
    // A cell left out keeps its step's tag, unread, and so comes back to where it was.
    const stays = role === null || role === 'skip' || role === 'metrics';
    draft.unmark(index, stays ? 'role' : 'all');
    if (!stays) {
      draft.cutLine(index);
    }
    if (role !== null) {
      draft.tag(index, role);
    }
  }
  settle(draft, new Set(chosen));
  return draft.edit();
}

/** The name of the step above the one that this cell starts; null where there is none. */
export function stepAbove(marks: readonly ICellMark[], index: number): string | null {
  const step = marks[index]?.step;
  if (!step || !marks[index].starts) {
    return null;
  }
  for (let above = index - 1; above >= 0; above--) {
    const other = marks[above].step;
    if (other !== null) {
      return other === step ? null : other;
    }
  }
  return null;
}

/** The step that the cell starts becomes part of the one above, with all its cells. */
export function mergeAbove(cells: readonly ICellState[], index: number): IEdit {
  const draft = new Draft(cells);
  const target = stepAbove(draft.before, index);
  const step = draft.before[index].step;
  if (target === null || step === null) {
    return draft.edit();
  }
  const own = draft.before.filter(mark => mark.step === step).map(mark => mark.index);
  const first = draft.before.find(mark => mark.step === target)!.index;
  const dropped = new Set<string>();
  for (const one of own) {
    const taken = draft.cutSettings(one);
    const adding: PartialJSONObject = {};
    for (const [key, value] of Object.entries(taken.settings ?? {})) {
      if (ADDING.has(key)) {
        adding[key] = value;
      } else {
        dropped.add(key);
      }
    }
    draft.putSettings(first, adding, taken.tags).forEach(key => dropped.add(key));
    const line = draft.cutLine(one);
    if (line) {
      draft.warnings.push({ kind: 'line-removed', cell: one, line });
    }
    draft.unmark(one, 'step');
  }
  for (const one of own) {
    if (draft.marks()[one].step !== target) {
      draft.nameStep(one, target);
    }
  }
  if (dropped.size > 0) {
    draft.warnings.push({ kind: 'settings-dropped', step, keys: [...dropped] });
  }
  draft.redirect(step, target);
  draft.redirect(target, target); // it cannot wait for itself
  return draft.edit();
}

/** The step gets another name, wherever it is named. */
export function renameStep(
  cells: readonly ICellState[],
  old: string,
  name: string
): IEdit {
  const draft = new Draft(cells);
  const own = draft.before.filter(mark => mark.step === old);
  own.filter(mark => mark.starts).forEach(mark => draft.nameStep(mark.index, name));
  if (own.length > 0 && !own[0].starts) {
    draft.nameStep(own[0].index, name); // code above the first mark has no name of its own yet
  }
  draft.redirect(old, name);
  return draft.edit();
}

/** The step's own settings, on its first cell; keys that other cells of it carry stay there. */
export function setSettings(
  cells: readonly ICellState[],
  step: string,
  settings: PartialJSONObject
): IEdit {
  const draft = new Draft(cells);
  const first = draft.first(step);
  if (first !== undefined) {
    if (!draft.before[first].starts && Object.keys(settings).length > 0) {
      draft.nameStep(first, step);
    }
    draft.cells[first].settings = Object.keys(settings).length > 0 ? settings : null;
  }
  return draft.edit();
}

/** The suggested tags, added. */
export function applySuggestions(
  cells: readonly ICellState[],
  suggestions: readonly { readonly id: string; readonly tag: string }[]
): IEdit {
  const draft = new Draft(cells);
  for (const { id, tag } of suggestions) {
    const index = cells.findIndex(cell => cell.id === id);
    if (index >= 0) {
      draft.tag(index, tag);
    }
  }
  return draft.edit();
}

/** Every mark and setting of ours taken away. */
export function clearMarks(cells: readonly ICellState[]): IEdit {
  const draft = new Draft(cells);
  cells.forEach((_, index) => {
    draft.unmark(index);
    draft.cells[index].tags = draft.cells[index].tags.filter(tag => !isSettingTag(tag));
    draft.cells[index].settings = null;
    const line = draft.cutLine(index);
    if (line) {
      draft.warnings.push({ kind: 'line-removed', cell: index, line });
    }
  });
  return draft.edit();
}

/** The untagged cells below that take their step from this one. */
export function followersOf(marks: readonly ICellMark[], index: number): number[] {
  const found: number[] = [];
  for (const mark of marks.slice(index + 1)) {
    if (mark.starts) {
      break;
    }
    if (mark.role === 'step') {
      found.push(mark.index);
    }
  }
  return found;
}

function codeCells(draft: Draft, indexes: readonly number[]): number[] {
  const code = indexes.filter(index => draft.cells[index]?.kind === 'code');
  return [...new Set(code)].sort((a, b) => a - b);
}
