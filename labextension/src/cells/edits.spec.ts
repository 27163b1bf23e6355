import {
  applySuggestions,
  clearMarks,
  mergeAbove,
  moveToStep,
  renameStep,
  setRole,
  setSettings,
  startStep
} from './edits';
import { Draft, IEdit } from './draft';
import { ICellState, isMarked, nameFromFile, nameProblem, readMarks } from './marks';

type Short = Partial<Omit<ICellState, 'tags'>> & { tags?: string };

function notebook(...cells: (Short | string)[]): ICellState[] {
  return cells.map((cell, index) => {
    const { tags = '', ...rest } = typeof cell === 'string' ? { tags: cell } : cell;
    const words = tags.split(' ').filter(Boolean);
    return {
      id: `c${index}`,
      kind: 'code' as const,
      settings: null,
      source: `x${index} = 1`,
      ...rest,
      tags: words
    };
  });
}

function apply(cells: readonly ICellState[], edit: IEdit): ICellState[] {
  return cells.map((cell, at) => {
    const { tags, settings, source } =
      edit.changes.find(({ index }) => index === at) ?? {};
    return {
      ...cell,
      tags: tags ?? cell.tags,
      settings: settings === undefined ? cell.settings : settings,
      source: source ?? cell.source
    };
  });
}

const steps = (cells: readonly ICellState[]) =>
  readMarks(cells).map(mark => (mark.role === 'step' ? mark.step : mark.role));
const tags = (cells: readonly ICellState[]) => cells.map(cell => cell.tags.join(' '));

describe('readMarks', () => {
  it('lets untagged cells belong to the step above', () => {
    const cells = notebook(
      'imports',
      'step:a',
      '',
      'functions',
      '',
      'step:b',
      'metrics',
      'skip'
    );
    expect(steps(cells)).toEqual([
      'imports',
      'a',
      'a',
      'functions',
      'a',
      'b',
      'b',
      'skip'
    ]);
    expect(readMarks(cells).map(mark => mark.starts)).toEqual([
      false,
      true,
      false,
      false,
      false,
      true,
      false,
      false
    ]);
  });

  it('passes text and comments above the first step over, and names what is before it', () => {
    const cells = notebook({ kind: 'markdown' }, { source: '# a note' }, '', 'step:a');
    expect(steps(cells)).toEqual([null, null, 'setup', 'a']);
    expect(steps(notebook('imports', ''))).toEqual(['imports', 'notebook']);
  });

  it('reads step lines', () => {
    const cells = notebook({ source: '%%step train --gpu 1 --after a,b\nfit()' }, '');
    const [mark] = readMarks(cells);
    expect(mark).toMatchObject({ step: 'train', starts: true });
    expect(mark.line).toMatchObject({
      name: 'train',
      hasFlags: true,
      after: ['a', 'b']
    });
  });

  it('reads Kale, where untagged cells follow parameters and metrics', () => {
    const cells = notebook(
      'pipeline-parameters',
      '',
      'block:a',
      'pipeline-metrics',
      ''
    );
    expect(steps(cells)).toEqual(['parameters', 'parameters', 'a', 'a', 'a']);
    expect(readMarks(cells).map(mark => mark.metrics)).toEqual([
      false,
      false,
      false,
      true,
      true
    ]);
  });

  it('knows a notebook nobody marked', () => {
    expect(isMarked(notebook('', 'mine'))).toBe(false);
    expect(isMarked(notebook('', 'imports'))).toBe(true);
    expect(isMarked(notebook({ source: '%%step a' }))).toBe(true);
  });
});

describe('startStep', () => {
  it('takes the untagged cells below along', () => {
    const cells = notebook('step:a', '', '', 'step:b');
    const done = apply(cells, startStep(cells, [1], 'c'));
    expect(steps(done)).toEqual(['a', 'c', 'c', 'b']);
    expect(tags(done)).toEqual(['step:a', 'step:c', '', 'step:b']);
  });

  it('marks the first step of a notebook', () => {
    const cells = notebook('', '', '');
    const done = apply(cells, startStep(cells, [1], 'c', false));
    expect(steps(done)).toEqual(['setup', 'c', 'c']);
    expect(tags(done)).toEqual(['', 'step:c', '']);
  });

  it('renames a step when it takes all its cells, and what waits for it follows', () => {
    const cells = notebook(
      'step:a',
      '',
      { tags: 'step:b', settings: { after: ['a'] } },
      { tags: 'prev:a step:c' },
      { source: '%%step d --after "a" --gpu 1' }
    );
    const edit = startStep(cells, [0], 'z');
    const done = apply(cells, edit);
    expect(steps(done)).toEqual(['z', 'z', 'b', 'c', 'd']);
    expect(done[2].settings).toEqual({ after: ['z'] });
    expect(done[3].tags).toEqual(['prev:z', 'step:c']);
    expect(done[4].source).toBe('%%step d --after z --gpu 1');
    expect(edit.warnings).toEqual([]);
  });

  it('keeps settings on a step that is only renamed', () => {
    const cells = notebook({ tags: 'step:a', settings: { cache: false } });
    const edit = startStep(cells, [0], 'z');
    expect(apply(cells, edit)[0].settings).toEqual({ cache: false });
    expect(edit.warnings).toEqual([]);
  });

  it('changes the name in a step line, and says so', () => {
    const cells = notebook({ source: '%%step a --gpu 1\nfit()' });
    const edit = startStep(cells, [0], 'z');
    expect(edit.changes).toEqual([{ index: 0, source: '%%step z --gpu 1\nfit()' }]);
    expect(edit.warnings).toEqual([
      { kind: 'line-changed', cell: 0, line: '%%step a --gpu 1' }
    ]);
  });

  it('leaves tags of the person alone', () => {
    const cells = notebook('mine step:a', 'other');
    expect(tags(apply(cells, startStep(cells, [0], 'b')))).toEqual([
      'mine step:b',
      'other'
    ]);
  });
});

describe('moveToStep', () => {
  it('leaves the untagged followers of a step where they were', () => {
    const cells = notebook('step:a', 'step:b', '', 'step:c');
    const done = apply(cells, moveToStep(cells, [1], 'a'));
    expect(steps(done)).toEqual(['a', 'a', 'b', 'c']);
    expect(tags(done)).toEqual(['step:a', '', 'step:b', 'step:c']);
  });

  it('leaves the cells below right when one in the middle goes to a later step', () => {
    const cells = notebook('step:a', '', '', 'step:b');
    const done = apply(cells, moveToStep(cells, [1], 'b'));
    expect(steps(done)).toEqual(['a', 'b', 'a', 'b']);
  });

  it('hands the settings to the step’s new first cell', () => {
    const cells = notebook(
      { tags: 'step:a limit:cpu:2', settings: { retry: 2 } },
      '',
      'step:b'
    );
    const edit = moveToStep(cells, [0], 'b');
    const done = apply(cells, edit);
    expect(steps(done)).toEqual(['b', 'a', 'b']);
    expect(done[0].settings).toBeNull();
    expect(done[1].settings).toEqual({ retry: 2 });
    expect(tags(done)).toEqual(['step:b', 'step:a limit:cpu:2', 'step:b']);
    expect(edit.warnings).toEqual([]);
  });

  it('moves a step line with flags to the step’s new first cell', () => {
    const cells = notebook('step:b', { source: '%%step a --gpu 1\nfit()' }, '');
    const edit = moveToStep(cells, [1], 'b');
    const done = apply(cells, edit);
    expect(steps(done)).toEqual(['b', 'b', 'a']);
    expect(done.map(cell => cell.source)).toEqual([
      'x0 = 1',
      'fit()',
      '%%step a --gpu 1\nx2 = 1'
    ]);
    expect(edit.warnings.map(warning => warning.kind)).toEqual(['line-moved']);
  });

  it('says which settings go with the last cell of a step', () => {
    const cells = notebook(
      'step:a',
      { tags: 'step:b', settings: { retry: 2 } },
      { tags: 'step:c', settings: { after: ['b'] } }
    );
    const edit = moveToStep(cells, [1], 'a');
    expect(edit.warnings).toEqual([
      { kind: 'settings-dropped', step: 'b', keys: ['retry'] }
    ]);
    expect(apply(cells, edit)[2].settings).toEqual({ after: ['a'] });
  });

  it('moves several cells', () => {
    const cells = notebook('step:a', '', '', '', 'step:b');
    const done = apply(cells, moveToStep(cells, [1, 2], 'b'));
    expect(tags(done)).toEqual(['step:a', 'step:b', '', 'step:a', 'step:b']);
  });

  it('takes a cell out of its role', () => {
    const cells = notebook('step:a', 'skip', '');
    const done = apply(cells, moveToStep(cells, [1], 'a'));
    expect(tags(done)).toEqual(['step:a', '', '']);
  });

  it('changes nothing where the cell is in the step', () => {
    const cells = notebook('step:a', '', 'step:b');
    expect(moveToStep(cells, [1], 'a').changes).toEqual([]);
  });
});

describe('mergeAbove', () => {
  it('joins a step with the one above, wherever its cells are', () => {
    const cells = notebook('step:a', 'step:b', '', 'step:c', 'step:b', {
      tags: 'step:d',
      settings: { after: ['b'] }
    });
    const done = apply(cells, mergeAbove(cells, 1));
    expect(steps(done)).toEqual(['a', 'a', 'a', 'c', 'a', 'd']);
    expect(tags(done)).toEqual(['step:a', '', '', 'step:c', 'step:a', 'step:d']);
    expect(done[5].settings).toEqual({ after: ['a'] });
  });

  it('adds up what adds up, and says what does not', () => {
    const cells = notebook('step:a', {
      tags: 'step:b',
      settings: { packages: ['x'], when: 'n > 1', after: ['a'] }
    });
    const edit = mergeAbove(cells, 1);
    const done = apply(cells, edit);
    expect(done[0].settings).toEqual({ packages: ['x'] });
    expect(done[1].settings).toBeNull();
    expect(edit.warnings).toEqual([
      { kind: 'settings-dropped', step: 'b', keys: ['when'] }
    ]);
  });

  it('has nothing to join at the top, or inside a step', () => {
    const cells = notebook('step:a', '', 'step:b');
    expect(mergeAbove(cells, 0).changes).toEqual([]);
    expect(mergeAbove(cells, 1).changes).toEqual([]);
  });
});

describe('setRole', () => {
  it('keeps the cells below a skipped one in their step, and takes it back', () => {
    const cells = notebook('step:a', 'step:b', '');
    const done = apply(cells, setRole(cells, [1], 'skip'));
    expect(steps(done)).toEqual(['a', 'skip', 'b']);
    expect(steps(apply(done, setRole(done, [1], null)))).toEqual(['a', 'b', 'b']);
  });

  it('replaces one role by another', () => {
    const cells = notebook('imports', 'step:a', '');
    expect(tags(apply(cells, setRole(cells, [0], 'functions')))).toEqual([
      'functions',
      'step:a',
      ''
    ]);
    expect(tags(apply(cells, setRole(cells, [1], 'functions')))).toEqual([
      'imports',
      'functions',
      'step:a'
    ]);
  });

  it('keeps a metrics cell in its step', () => {
    const cells = notebook('step:a', '');
    const done = apply(cells, setRole(cells, [1], 'metrics'));
    expect(readMarks(done)[1]).toMatchObject({ step: 'a', metrics: true });
  });

  it('takes a step line away where a role comes', () => {
    const cells = notebook('step:a', { source: '%%step b --gpu 1\nimport os' });
    const edit = setRole(cells, [1], 'imports');
    expect(apply(cells, edit)[1]).toMatchObject({
      source: 'import os',
      tags: ['imports']
    });
    expect(edit.warnings.map(warning => warning.kind)).toEqual(['line-removed']);
  });

  it('drops waits for a step that is gone, and says so', () => {
    const cells = notebook('step:a', 'step:b', {
      tags: 'step:c',
      settings: { after: ['b'] }
    });
    const edit = setRole(cells, [1], 'functions');
    expect(apply(cells, edit)[2].settings).toBeNull();
    expect(edit.warnings).toEqual([{ kind: 'after-dropped', step: 'c', gone: 'b' }]);
  });
});

describe('renameStep', () => {
  it('renames every tag and line, and leaves conditions alone', () => {
    const cells = notebook('step:a', 'step:b', 'block:a', {
      tags: 'step:c',
      settings: { after: ['b', 'a'], when: 'a > 1' }
    });
    const done = apply(cells, renameStep(cells, 'a', 'z'));
    expect(steps(done)).toEqual(['z', 'b', 'z', 'c']);
    expect(done[3].settings).toEqual({ after: ['b', 'z'], when: 'a > 1' });
  });

  it('names the code above the first step', () => {
    const cells = notebook('', '', 'step:b');
    expect(tags(apply(cells, renameStep(cells, 'setup', 'load')))).toEqual([
      'step:load',
      '',
      'step:b'
    ]);
  });
});

it('writes settings to the first cell of a step', () => {
  const cells = notebook('step:a', '', 'step:a');
  expect(setSettings(cells, 'a', { retry: 1 }).changes).toEqual([
    { index: 0, settings: { retry: 1 } }
  ]);
});

it('adds suggestions, and takes all marks away', () => {
  const cells = notebook('', 'mine', '');
  const done = apply(
    cells,
    applySuggestions(cells, [
      { id: 'c0', tag: 'imports' },
      { id: 'c1', tag: 'step:a' },
      { id: 'gone', tag: 'step:b' }
    ])
  );
  expect(tags(done)).toEqual(['imports', 'mine step:a', '']);
  expect(tags(apply(done, clearMarks(done)))).toEqual(['', 'mine', '']);
});

it('says what is wrong with a name', () => {
  expect(nameProblem('', [])).toBe('empty');
  expect(nameProblem('1st', [])).toBe('illegal');
  expect(nameProblem('Train', ['train'])).toBe('alike');
  expect(nameProblem('train', ['train'])).toBeNull();
  expect(nameFromFile('work/01 My work.ipynb')).toBe('step_01_My_work');
});

/** Any edit leaves the steps of the cells it did not take as they were. */
it('never changes the step of a cell nobody touched', () => {
  let seed = 7;
  const random = (below: number) => (seed = (seed * 16807) % 2147483647) % below;
  const words = [
    '',
    '',
    '',
    'step:a',
    'step:b',
    'step:c',
    'imports',
    'skip',
    'metrics'
  ];
  for (let round = 0; round < 500; round++) {
    const cells = notebook(
      'step:a',
      ...Array.from({ length: 7 }, () => words[random(words.length)])
    );
    const index = random(8);
    const edit =
      random(2) === 0
        ? moveToStep(cells, [index], ['a', 'b', 'c', 'new'][random(4)])
        : setRole(cells, [index], (['skip', 'imports', 'metrics'] as const)[random(3)]);
    const before = new Draft(cells).before;
    const after = readMarks(apply(cells, edit));
    before
      .filter(mark => mark.index !== index)
      .forEach(mark => {
        const { role, step } = after[mark.index];
        expect({
          cells: tags(cells),
          index,
          edit,
          at: mark.index,
          role,
          step
        }).toMatchObject({
          role: mark.role,
          step: mark.step
        });
      });
  }
});
