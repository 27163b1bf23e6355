import { Draft } from './draft';
import { ICellMark, isMetricsTag, isRoleTag } from './marks';

/** Put cells into a step, each with a tag only where its place alone would not put it there. */
export function place(
  draft: Draft,
  chosen: readonly number[],
  edited: ReadonlySet<number>,
  step: string
): void {
  for (const index of chosen) {
    const cell = draft.cells[index];
    // The tag `metrics` stays: such a cell is part of a step.
    cell.tags = cell.tags.filter(tag => !isRoleTag(tag) || isMetricsTag(tag));
    draft.unmark(index, 'step');
    const mark = draft.before[index];
    if (mark.line && mark.line.name !== step) {
      if (renames(draft, mark, edited, step)) {
        draft.nameStep(index, step);
      } else {
        draft.cutLine(index);
      }
    }
  }
  for (const index of chosen) {
    if (draft.marks()[index].step !== step) {
      draft.nameStep(index, step);
    }
  }
}

/** After cells in `edited` changed: keep all others, their steps' settings and references right. */
export function settle(draft: Draft, edited: ReadonlySet<number>): void {
  holdOthers(draft, edited);
  const after = draft.marks();
  const left = draft.before.filter(
    mark => mark.step !== null && edited.has(mark.index)
  );
  for (const mark of left) {
    if (after[mark.index].step !== mark.step) {
      handOver(draft, mark, after[mark.index], edited);
    }
  }
  for (const step of new Set(left.map(mark => mark.step!))) {
    if (draft.first(step) === undefined) {
      const heir = left.find(
        mark => mark.step === step && after[mark.index].step !== null
      );
      draft.redirect(step, heir ? after[heir.index].step : null);
    }
  }
}

/** A cell nobody touched whose step came from a touched one is tagged with it from now on. */
function holdOthers(draft: Draft, edited: ReadonlySet<number>): void {
  const untitled = !draft.before.some(mark => mark.starts);
  for (const mark of draft.before) {
    const now = draft.marks()[mark.index];
    if (edited.has(mark.index) || mark.role === null) {
      continue;
    }
    if (mark.role === 'step' && !untitled && now.step !== mark.step) {
      draft.tag(mark.index, `step:${mark.step}`);
    } else if (mark.role === 'parameters' && now.role !== 'parameters') {
      draft.tag(mark.index, 'parameters'); // Kale's tag above spoke for this cell too
    }
  }
}

/** What the cell carried for its old step goes to the step's first cell, or is given up. */
function handOver(
  draft: Draft,
  old: ICellMark,
  now: ICellMark,
  edited: ReadonlySet<number>
): void {
  const step = old.step!;
  const heir = draft.first(step);
  const warn = (kind: 'line-removed' | 'line-moved'): void => {
    draft.warnings.push({ kind, cell: old.index, line: old.line!.text });
  };
  if (heir === undefined) {
    if (now.role === 'skip' || (now.step && renames(draft, old, edited, now.step))) {
      return; // the cell waits with all it has, or the step only has another name now
    }
    const { settings, tags } = draft.cutSettings(old.index);
    const keys = [...Object.keys(settings ?? {}), ...tags];
    if (keys.length > 0) {
      draft.warnings.push({ kind: 'settings-dropped', step, keys });
    }
    if (old.line) {
      warn('line-removed');
    }
    return;
  }
  const { settings, tags } = draft.cutSettings(old.index);
  const lost = draft.putSettings(heir, settings, tags);
  if (lost.length > 0) {
    draft.warnings.push({ kind: 'settings-dropped', step, keys: lost });
  }
  if (old.line) {
    draft.cutLine(old.index);
    if (old.line.hasFlags && !draft.before[heir].line) {
      draft.putLine(heir, old.line.text);
      warn('line-moved');
    } else {
      warn('line-removed');
    }
  }
}

/** Whether the edit takes every cell of the mark's step, and to a name that is new. */
function renames(
  draft: Draft,
  mark: ICellMark,
  edited: ReadonlySet<number>,
  name: string
): boolean {
  const rest = draft.before.some(
    other => other.step === mark.step && !edited.has(other.index)
  );
  return !rest && !draft.before.some(other => other.step === name);
}
