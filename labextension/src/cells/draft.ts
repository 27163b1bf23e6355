import {
  JSONExt,
  type PartialJSONObject,
  type PartialJSONValue
} from '@lumino/coreutils';

import {
  ICellMark,
  ICellState,
  isRoleTag,
  isSettingTag,
  readMarks,
  taggedStep
} from './marks';
import {
  readStepLine,
  renameStepLine,
  replaceInLineAfter,
  withoutStepLine,
  withStepLine
} from './stepline';

/** What an edit writes to one cell; `settings` null takes the metadata `labwright` away. */
export interface ICellChange {
  readonly index: number;
  readonly tags?: readonly string[];
  readonly settings?: PartialJSONObject | null;
  readonly source?: string;
}

/** What a person should know before an edit is made. */
export type Warning =
  | { readonly kind: 'line-removed'; readonly cell: number; readonly line: string }
  | { readonly kind: 'line-changed'; readonly cell: number; readonly line: string }
  | { readonly kind: 'line-moved'; readonly cell: number; readonly line: string }
  | {
      readonly kind: 'settings-dropped';
      readonly step: string;
      readonly keys: readonly string[];
    }
  | { readonly kind: 'after-dropped'; readonly step: string; readonly gone: string };

export interface IEdit {
  readonly changes: readonly ICellChange[];
  readonly warnings: readonly Warning[];
}

interface IDraftCell {
  id: string;
  kind: ICellState['kind'];
  tags: string[];
  settings: PartialJSONObject | null;
  source: string;
}

/** A notebook's marks while an edit is worked out; `edit` says what came of it. */
export class Draft {
  constructor(original: readonly ICellState[]) {
    this.original = original;
    this.before = readMarks(original);
    this.cells = original.map(cell => ({
      ...cell,
      tags: [...cell.tags],
      settings: cell.settings && JSONExt.deepCopy(cell.settings)
    }));
  }

  readonly original: readonly ICellState[];
  readonly before: readonly ICellMark[];
  readonly cells: IDraftCell[];
  readonly warnings: Warning[] = [];

  marks(): ICellMark[] {
    return readMarks(this.cells);
  }

  /** The step's first cell as the draft stands; undefined where the step is gone. */
  first(step: string): number | undefined {
    return this.marks().find(mark => mark.step === step)?.index;
  }

  /** Take away the tags that put the cell into a step or give it a role. */
  unmark(index: number, which: 'step' | 'role' | 'all' = 'all'): void {
    const cell = this.cells[index];
    cell.tags = cell.tags.filter(tag => {
      const isStep = taggedStep(tag) !== null;
      return !((isStep && which !== 'role') || (isRoleTag(tag) && which !== 'step'));
    });
  }

  tag(index: number, tag: string): void {
    if (!this.cells[index].tags.includes(tag)) {
      this.cells[index].tags.push(tag);
    }
  }

  /** Mark the cell as one of the step's: by its line where it has one, else by tag. */
  nameStep(index: number, step: string): void {
    this.unmark(index, 'step');
    const cell = this.cells[index];
    const line = readStepLine(cell.source);
    if (line?.name) {
      if (line.name !== step) {
        cell.source = renameStepLine(cell.source, step);
        this.warnings.push({ kind: 'line-changed', cell: index, line: line.text });
      }
      return;
    }
    this.tag(index, `step:${step}`);
  }

  /** Cut the cell's step line out and give it back; null where it has none. */
  cutLine(index: number): string | null {
    const line = readStepLine(this.cells[index].source);
    this.cells[index].source = withoutStepLine(this.cells[index].source);
    return line?.text ?? null;
  }

  putLine(index: number, line: string): void {
    this.unmark(index, 'step');
    this.cells[index].source = withStepLine(this.cells[index].source, line);
  }

  /** Take the settings that a cell carries for its step: metadata and Kale's tags. */
  cutSettings(index: number): { settings: PartialJSONObject | null; tags: string[] } {
    const cell = this.cells[index];
    const taken = { settings: cell.settings, tags: cell.tags.filter(isSettingTag) };
    cell.settings = null;
    cell.tags = cell.tags.filter(tag => !isSettingTag(tag));
    return taken;
  }

  /** Lay settings under those the cell has; gives the keys that found another value there. */
  putSettings(
    index: number,
    settings: PartialJSONObject | null,
    tags: readonly string[]
  ): string[] {
    const cell = this.cells[index];
    const kept: PartialJSONObject = { ...cell.settings };
    const lost: string[] = [];
    for (const [key, value] of Object.entries(settings ?? {})) {
      if (kept[key] === undefined) {
        kept[key] = value;
      } else if (Array.isArray(kept[key]) && Array.isArray(value)) {
        kept[key] = union(kept[key] as PartialJSONValue[], value as PartialJSONValue[]);
      } else if (
        !JSONExt.deepEqual(kept[key] as PartialJSONValue, value as PartialJSONValue)
      ) {
        lost.push(key);
      }
    }
    cell.settings = Object.keys(kept).length > 0 ? kept : null;
    tags.forEach(tag => this.tag(index, tag));
    return lost;
  }

  /** Let every `after` that names `old` name another step, or none. */
  redirect(old: string, target: string | null): void {
    const marks = this.marks();
    this.cells.forEach((cell, index) => {
      const own = marks[index].step;
      const next = target === own ? null : target;
      const before = JSON.stringify([cell.tags, cell.settings, cell.source]);
      const after = cell.settings?.after;
      if (cell.settings && Array.isArray(after) && after.includes(old)) {
        const names = new Set(after.map(name => (name === old ? next : name)));
        names.delete(null);
        const rest = { ...cell.settings };
        delete rest.after;
        const settings = names.size > 0 ? { ...rest, after: [...names] } : rest;
        cell.settings =
          Object.keys(settings).length > 0 ? (settings as PartialJSONObject) : null;
      }
      cell.tags = cell.tags.flatMap(tag =>
        tag === `prev:${old}` ? (next === null ? [] : [`prev:${next}`]) : [tag]
      );
      if (this.before[index].line?.after.includes(old)) {
        cell.source = replaceInLineAfter(cell.source, old, next);
      }
      const changed =
        before !== JSON.stringify([cell.tags, cell.settings, cell.source]);
      if (changed && next === null && own !== null && target !== own) {
        this.warnings.push({ kind: 'after-dropped', step: own, gone: old });
      }
    });
  }

  edit(): IEdit {
    const changes: ICellChange[] = [];
    this.cells.forEach((cell, index) => {
      const old = this.original[index];
      const change: { -readonly [K in keyof ICellChange]: ICellChange[K] } = { index };
      if (cell.tags.join('\n') !== old.tags.join('\n')) {
        change.tags = cell.tags;
      }
      if (!JSONExt.deepEqual(cell.settings ?? null, old.settings ?? null)) {
        change.settings = cell.settings;
      }
      if (cell.source !== old.source) {
        change.source = cell.source;
      }
      if (Object.keys(change).length > 1) {
        changes.push(change);
      }
    });
    return { changes, warnings: this.warnings };
  }
}

function union(
  first: PartialJSONValue[],
  second: PartialJSONValue[]
): PartialJSONValue[] {
  const fresh = second.filter(
    item => !first.some(other => JSONExt.deepEqual(other, item))
  );
  return [...first, ...fresh];
}
