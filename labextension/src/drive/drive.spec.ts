import { nullTranslator } from '@jupyterlab/translation';

import type { Client } from '../api';
import { detail, step } from '../runs/samples';
import { RunDrive } from './drive';
import { parsePath, sourcePath, stepPath } from './path';

const trans = nullTranslator.load('labwright');
const notebook = { cells: [], metadata: {}, nbformat: 4, nbformat_minor: 5 };

function drive(): RunDrive {
  const steps = [
    step('load', { has_notebook: true }),
    step('train', { iteration: 2, has_notebook: true }),
    step('report')
  ];
  const client = {
    run: async () => detail(steps),
    runs: async () => ({ runs: [detail(steps)], next: null, total: 1 }),
    executedNotebook: async () => notebook,
    sourceNotebook: async () => notebook
  };
  return new RunDrive(client as unknown as Client, trans);
}

describe('the drive of runs', () => {
  it.each([
    [
      stepPath('r1', 'train', 2),
      { kind: 'step', runId: 'r1', step: 'train', iteration: '2' }
    ],
    [
      stepPath('r1', 'a', '2.0'),
      { kind: 'step', runId: 'r1', step: 'a', iteration: '2.0' }
    ],
    [
      stepPath('r1', 'load', null),
      { kind: 'step', runId: 'r1', step: 'load', iteration: null }
    ],
    [sourcePath('r1'), { kind: 'source', runId: 'r1' }],
    ['r1', { kind: 'run', runId: 'r1' }],
    ['', { kind: 'root' }],
    ['r1/other.txt', null],
    ['r1/steps/load.txt', null]
  ])('reads the path %s', (path, place) => {
    expect(parsePath(path)).toEqual(place);
  });

  it('gives notebooks that cannot be written', async () => {
    const model = await drive().get('r1/steps/load.ipynb');
    expect(model).toMatchObject({
      type: 'notebook',
      format: 'json',
      writable: false,
      content: notebook
    });
    expect(
      (await drive().get('r1/notebook.ipynb', { content: false })).content
    ).toBeNull();
  });

  it('lists what there is', async () => {
    const names = async (path: string): Promise<string[]> =>
      (await drive().get(path)).content.map((one: { name: string }) => one.name);
    expect(await names('')).toEqual(['r1']);
    expect(await names('r1')).toEqual(['notebook.ipynb', 'steps']);
    expect(await names('r1/steps')).toEqual(['load.ipynb', 'train@2.ipynb']);
  });

  it('refuses to change anything, and says what to do instead', async () => {
    await expect(drive().save()).rejects.toThrow('Save a copy');
    await expect(drive().get('r1/nothing')).rejects.toThrow('labwright:r1/nothing');
    expect(await drive().listCheckpoints()).toEqual([]);
  });
});
