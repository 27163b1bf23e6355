import type { ICellMark, ICellState } from './marks';

/** Cells that came to another step because others moved or went, not by a tag of their own. */
export interface IStray {
  readonly from: string;
  readonly to: string;
  readonly ids: readonly string[];
}

export interface IMarked {
  readonly cells: readonly ICellState[];
  readonly marks: readonly ICellMark[];
}

/** What strayed between two states of a notebook whose cells were moved, cut or deleted. */
export function strays(before: IMarked, after: IMarked): IStray[] {
  const order = (state: IMarked): string => state.cells.map(cell => cell.id).join(' ');
  if (order(before) === order(after)) {
    return []; // a tag was changed, and what follows from that was meant
  }
  const old = new Map(before.marks.map(mark => [mark.id, mark]));
  const tags = new Map(before.cells.map(cell => [cell.id, cell.tags.join('\n')]));
  const found = new Map<string, { from: string; to: string; ids: string[] }>();
  for (const mark of after.marks) {
    const was = old.get(mark.id);
    const same = tags.get(mark.id) === after.cells[mark.index].tags.join('\n');
    if (
      !was?.step ||
      !mark.step ||
      was.step === mark.step ||
      was.starts ||
      mark.starts ||
      !same
    ) {
      continue;
    }
    const key = `${was.step}\n${mark.step}`;
    const stray = found.get(key) ?? { from: was.step, to: mark.step, ids: [] };
    stray.ids.push(mark.id);
    found.set(key, stray);
  }
  return [...found.values()];
}
