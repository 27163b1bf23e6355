import { YNotebook } from '@jupyter/ydoc';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';

import type {
  Analysis,
  NotebookSource,
  PreviewRequest,
  Run,
  RunSummary
} from '../api/client';
import { moveToStep, startStep } from '../cells/edits';
import { graph, graphStep } from '../graph/samples';
import type { IWorkbench } from '../tokens';
import { NotebookPipeline } from './model';

function cell(source: string, tags: string[] = []) {
  const metadata = tags.length > 0 ? { tags } : {};
  return { cell_type: 'code', metadata, source, outputs: [], execution_count: null };
}

/** A notebook in an editor, and a server that answers when it is told to. */
async function setup(cells: object[], ready = Promise.resolve()) {
  const sharedModel = YNotebook.create({
    disableDocumentWideUndoRedo: true,
    data: { cells, metadata: {}, nbformat: 4, nbformat_minor: 5 } as never
  });
  sharedModel.clearUndoHistory();
  const contentChanged = new Signal<object, void>({});
  const model = { sharedModel, contentChanged };
  sharedModel.ydoc.on('update', () => contentChanged.emit());
  const content = {
    model,
    activeCellIndex: 0,
    activeCellChanged: new Signal<object, unknown>({}),
    widgets: []
  };
  const context = {
    model,
    path: 'work/digits.ipynb',
    isReady: true,
    ready,
    pathChanged: new Signal<object, string>({})
  };
  const panel = { content, context, disposed: new Signal<object, void>({}) };
  const asked: NotebookSource[] = [];
  const previews: PreviewRequest[] = [];
  const answers: ((answer: Analysis) => void)[] = [];
  const runs = {
    changed: new Signal<object, readonly string[] | null>({}),
    summaries: [] as RunSummary[],
    run: jest.fn()
  };
  const client = {
    analyse: (source: NotebookSource) => {
      asked.push(source);
      return new Promise<Analysis>(done => answers.push(done));
    },
    preview: async (request: PreviewRequest) => {
      previews.push(request);
      return { steps: [{ name: 'a', state: 'stale', why: 'its code changed' }] };
    }
  };
  const workbench = { client, runs, trans: nullTranslator.load('labwright') };
  const pipeline = new NotebookPipeline(
    panel as unknown as NotebookPanel,
    workbench as unknown as IWorkbench
  );
  await jest.advanceTimersByTimeAsync(0);
  return { pipeline, model, content, asked, previews, answers, runs };
}

function analysis(steps: string[], more: Partial<Analysis> = {}): Analysis {
  const found = graph(
    steps.map(name => graphStep(name)),
    {
      parameters: [{ name: 'n', type: 'int', default: 1, required: false }],
      diagnostics: [
        { cell: 1, severity: 'warning', code: 'undefined-name', message: 'typo' }
      ]
    }
  );
  return { graph: found, error: null, error_cell: null, ...more };
}

beforeEach(() => {
  jest.useFakeTimers();
  // Yjs warns of how JupyterLab's own documents are made.
  jest.spyOn(console, 'warn').mockImplementation();
});
afterEach(() => jest.useRealTimers());

it('sends no notebook that nobody marked', async () => {
  const { pipeline, asked } = await setup([cell('a = 1'), cell('b = a')]);
  await jest.advanceTimersByTimeAsync(500);
  expect(pipeline.marked).toBe(false);
  expect(asked).toEqual([]);
});

it('is analysed when its notebook is there, however early that is asked for', async () => {
  let opened = (): void => undefined;
  const ready = new Promise<void>(done => (opened = done));
  const { pipeline, model, asked } = await setup([cell('')], ready);
  void pipeline.analyseNow();
  await jest.advanceTimersByTimeAsync(0);
  expect(asked).toEqual([]);
  model.sharedModel.getCell(0).setSource('a = 1');
  opened();
  await jest.advanceTimersByTimeAsync(0);
  expect(asked[0].content).toMatchObject({ cells: [{ source: 'a = 1' }] });
});

it('asks once after several edits, with what is not saved and without outputs', async () => {
  const { pipeline, model, asked, answers } = await setup([
    cell('a = 1', ['step:a']),
    cell('a')
  ]);
  await jest.advanceTimersByTimeAsync(150);
  answers[0](analysis(['a']));
  await jest.advanceTimersByTimeAsync(0);
  for (const text of ['a = 12', 'a = 123']) {
    model.sharedModel.getCell(0).setSource(text);
    await jest.advanceTimersByTimeAsync(50);
  }
  await jest.advanceTimersByTimeAsync(120);
  expect(asked).toHaveLength(2);
  const [first] = (asked[1].content as unknown as { cells: object[] }).cells;
  expect(first).toMatchObject({ source: 'a = 123', outputs: [] });
  expect(pipeline.graph?.steps.map(step => step.name)).toEqual(['a']);
  expect(model.sharedModel.getCell(0).getMetadata('tags')).toEqual(['step:a']);
});

it('shows marks at once, and keeps the graph while the notebook cannot be read', async () => {
  const { pipeline, answers } = await setup([cell('a = 1', ['step:a']), cell('a')]);
  await jest.advanceTimersByTimeAsync(150);
  answers[0](analysis(['a']));
  await jest.advanceTimersByTimeAsync(0);
  pipeline.apply(startStep(pipeline.cells, [1], 'b'));
  expect(pipeline.steps).toEqual(['a', 'b']);
  await jest.advanceTimersByTimeAsync(150);
  const error = { code: 'bad-request', message: 'no', detail: null };
  answers[1]({ graph: null, error, error_cell: 1 });
  await jest.advanceTimersByTimeAsync(0);
  expect(pipeline.graph?.steps.map(step => step.name)).toEqual(['a']);
  expect(pipeline.remarks(pipeline.marks[1].id)[0].message).toBe('no');
  expect(pipeline.preview).toBeNull();
});

it('keeps remarks on their cell when cells move', async () => {
  const { pipeline, model, answers } = await setup([
    cell('a = 1', ['step:a']),
    cell('typo')
  ]);
  await jest.advanceTimersByTimeAsync(150);
  const id = pipeline.marks[1].id;
  model.sharedModel.insertCell(0, { cell_type: 'markdown', source: '# Title' });
  answers[0](analysis(['a']));
  await jest.advanceTimersByTimeAsync(30);
  expect(pipeline.remarks(id).map(one => one.message)).toEqual(['typo']);
  expect(pipeline.marks[2].id).toBe(id);
});

it('takes an edit back in one step', async () => {
  const { pipeline, model } = await setup([
    cell('1', ['step:a']),
    cell('2'),
    cell('3')
  ]);
  const tags = () => model.sharedModel.cells.map(one => one.getMetadata('tags') ?? []);
  const before = tags();
  pipeline.apply(moveToStep(pipeline.cells, [1], 'new'));
  expect(tags()).toEqual([['step:a'], ['step:new'], ['step:a']]);
  model.sharedModel.undo();
  expect(tags()).toEqual(before);
  await jest.advanceTimersByTimeAsync(30);
  expect(pipeline.steps).toEqual(['a']);
});

it('previews with the parameters typed in, and again when a run ended', async () => {
  const { pipeline, answers, previews, runs } = await setup([
    cell('a = 1', ['step:a']),
    cell('a')
  ]);
  await jest.advanceTimersByTimeAsync(150);
  answers[0](analysis(['a']));
  await jest.advanceTimersByTimeAsync(300);
  expect(pipeline.preview?.[0].state).toBe('stale');
  pipeline.texts = { n: '7' };
  await jest.advanceTimersByTimeAsync(300);
  expect(previews[1].parameters).toEqual({ n: 7 });
  runs.summaries = [
    {
      run_id: 'r',
      target: 'local',
      path: 'work/digits.ipynb',
      state: 'RUNNING'
    } as RunSummary
  ];
  runs.run.mockResolvedValueOnce({
    run_id: 'r',
    target: 'local',
    state: 'RUNNING',
    steps: []
  } as unknown as Run);
  runs.changed.emit(['r']);
  await jest.advanceTimersByTimeAsync(300);
  expect(pipeline.lastRun?.state).toBe('RUNNING');
  expect(previews).toHaveLength(2);
  runs.summaries = [{ ...runs.summaries[0], state: 'SUCCEEDED' }];
  runs.run.mockResolvedValueOnce({
    run_id: 'r',
    target: 'local',
    state: 'SUCCEEDED',
    steps: []
  } as unknown as Run);
  runs.changed.emit(['r']);
  await jest.advanceTimersByTimeAsync(300);
  expect(previews).toHaveLength(3);
});

it('shows the step of the cell that is worked on', async () => {
  const { pipeline, content } = await setup([
    cell('1', ['step:a']),
    cell('2', ['step:b'])
  ]);
  content.activeCellIndex = 1;
  content.activeCellChanged.emit(null);
  expect(pipeline.selected).toBe('b');
  pipeline.apply(startStep(pipeline.cells, [1], 'a'));
  expect(pipeline.steps).toEqual(['a']);
});

it('tells of cells that strayed when others went, and not of an undo', async () => {
  const { pipeline, model } = await setup([
    cell('1', ['step:a']),
    cell('2', ['step:b']),
    cell('3')
  ]);
  const heard: unknown[] = [];
  pipeline.strayed.connect((_, found) => heard.push(...found));
  model.sharedModel.deleteCell(1);
  await jest.advanceTimersByTimeAsync(50);
  expect(heard).toEqual([{ from: 'b', to: 'a', ids: [pipeline.marks[1].id] }]);
  model.sharedModel.undo();
  await jest.advanceTimersByTimeAsync(50);
  expect(pipeline.steps).toEqual(['a', 'b']);
  expect(heard).toHaveLength(1);
});
