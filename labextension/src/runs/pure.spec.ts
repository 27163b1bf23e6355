import type { Step } from '../api';
import { AnsiReader } from './ansi';
import { advance, combined, stepKey, telling } from './detail';
import { timeline } from './gantt';
import { LogBuffer } from './logbuffer';
import { detail, step, summary } from './samples';
import { axis, numbersOf, points, siblings } from './series';

const ESC = '\u001b';
const at = (seconds: number): string =>
  new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();
const show = (log: LogBuffer): string[] =>
  Array.from({ length: log.length }, (_, i) => log.line(i).text);

describe('LogBuffer', () => {
  it('puts pieces together by their offsets', () => {
    const log = new LogBuffer();
    expect(log.add(0, 'one\ntw')).toBe('added');
    expect(show(log)).toEqual(['one', 'tw']);
    expect(log.add(6, 'o\n')).toBe('added');
    expect(show(log)).toEqual(['one', 'two']);
    expect(log.end).toBe(8);
  });

  it('knows what it has, what overlaps and what is missing', () => {
    const log = new LogBuffer();
    log.add(0, 'héllo\n');
    expect(log.end).toBe(7);
    expect(log.add(0, 'héllo\n')).toBe('known');
    expect(log.add(9, 'late\n')).toBe('gap');
    expect(log.add(3, 'llo\nagain\n')).toBe('added');
    expect(show(log)).toEqual(['héllo', 'again']);
  });

  it('asks again for bytes that were no text, and believes the server about their number', () => {
    const log = new LogBuffer();
    expect(log.add(0, 'a\ufffdb\n')).toBe('gap');
    expect(log.add(0, 'a\ufffdb\n', 4)).toBe('added');
    expect(log.end).toBe(4);
    expect(log.add(4, 'c')).toBe('added');
  });

  it('drops the oldest lines of a log without end', () => {
    const log = new LogBuffer(100);
    log.add(0, Array.from({ length: 150 }, (_, i) => `${i}\n`).join(''));
    expect([log.length, log.dropped, log.line(89).text]).toEqual([90, 60, '149']);
  });

  it('shows a progress bar as its last state, also where it grows', () => {
    const log = new LogBuffer();
    log.add(0, ' 10%\r 50%');
    expect(show(log)).toEqual([' 50%']);
    log.add(9, '\r100%\r\ndone\r\n');
    expect(show(log)).toEqual(['100%', 'done']);
  });

  it('finds text whatever its case', () => {
    const log = new LogBuffer();
    log.add(0, 'Loss 1\nother\nloss 2\n');
    expect(log.search('LOSS')).toEqual([0, 2]);
    expect(log.search('')).toEqual([]);
  });
});

describe('AnsiReader', () => {
  it('gives the classes that themes style', () => {
    const line = new AnsiReader().read(
      `${ESC}[31mred${ESC}[0m and ${ESC}[1;92mgreen${ESC}[0m`
    );
    expect(line.text).toBe('red and green');
    expect(line.spans).toEqual([
      { text: 'red', className: 'ansi-red-fg' },
      { text: ' and ' },
      { text: 'green', className: 'ansi-green-intense-fg ansi-bold' }
    ]);
  });

  it('goes on with a colour in the next line, and a look ahead leaves no trace', () => {
    const reader = new AnsiReader();
    reader.read(`${ESC}[31mbegin`);
    expect(reader.clone().read(`${ESC}[32mx`).spans[0].className).toBe('ansi-green-fg');
    expect(reader.read('more').spans).toEqual([
      { text: 'more', className: 'ansi-red-fg' }
    ]);
    reader.read(`end${ESC}[0m`);
    expect(reader.read('plain').spans).toEqual([{ text: 'plain' }]);
  });

  it('leaves markup alone', () => {
    expect(new AnsiReader().read('<b>&amp;').spans).toEqual([{ text: '<b>&amp;' }]);
  });
});

describe('a run in detail', () => {
  const base = {
    epoch: 'a',
    seq: 1,
    run_id: 'r1',
    target: 'local',
    type: 'step' as const
  };

  it('takes in steps and turns of loops in the order of the graph', () => {
    let run = detail([step('load'), step('train'), step('report')]);
    run = advance(run, {
      ...base,
      step: step('train', { iteration: 1, state: 'RUNNING' })
    });
    run = advance(run, {
      ...base,
      step: step('train', { iteration: 2, state: 'RUNNING' })
    });
    expect(run.steps.map(stepKey)).toEqual(['load', 'train@1', 'train@2', 'report']);
    run = advance(run, {
      ...base,
      step: step('train', { iteration: 1, state: 'SUCCEEDED' })
    });
    expect(run.steps[1].state).toBe('SUCCEEDED');
  });

  it('keeps its steps when the run itself changes', () => {
    const run = advance(detail([step('load')]), {
      ...base,
      type: 'run',
      run: summary(1, { state: 'FAILED' })
    });
    expect([run.state, run.steps.length]).toEqual(['FAILED', 1]);
  });

  it.each([
    [['SUCCEEDED', 'FAILED'], 'FAILED'],
    [['SUCCEEDED', 'PENDING'], 'RUNNING'],
    [['SKIPPED', 'SKIPPED'], 'SKIPPED'],
    [[], null]
  ] as [Step['state'][], Step['state'] | null][])('joins %j to %s', (states, whole) => {
    expect(combined(states.map(state => step('x', { state })))).toBe(whole);
  });

  it('points at the step that failed', () => {
    const steps = [step('a', { state: 'RUNNING' }), step('b', { state: 'FAILED' })];
    expect(telling(steps)?.name).toBe('b');
  });
});

describe('timeline', () => {
  it('lays bars by time, what still runs until now', () => {
    const lines = timeline(
      [
        step('a', { started_at: at(0), finished_at: at(10) }),
        step('b', { started_at: at(10) }),
        step('c')
      ],
      Date.parse(at(40))
    );
    expect(lines.seconds).toBe(40);
    expect(lines.bars.map(bar => [bar.start, bar.width])).toEqual([
      [0, 0.25],
      [0.25, 0.75],
      [null, 0]
    ]);
    expect(lines.ticks.map(tick => tick.seconds)).toEqual([0, 10, 20, 30, 40]);
  });

  it('draws a run of milliseconds too, and one without any start', () => {
    const short = timeline(
      [step('a', { started_at: at(0), finished_at: at(0.05) })],
      0
    );
    expect(short.ticks.map(tick => tick.seconds)).toEqual([
      0, 0.01, 0.02, 0.03, 0.04, 0.05
    ]);
    expect(timeline([step('a')], 0).bars[0].start).toBeNull();
  });
});

describe('series', () => {
  const runs = [
    summary(3, { metrics: { accuracy: 0.9, note: 'x' }, parameters: { lr: 0.1 } }),
    summary(1, { metrics: { accuracy: 0.7 }, parameters: { lr: 0.5 } }),
    summary(2, { metrics: {}, notebook: '/other.ipynb' })
  ];

  it('follows a pipeline over its runs', () => {
    const same = siblings(runs[0], runs);
    expect(same.map(run => run.run_id)).toEqual(['r1', 'r3']);
    expect(numbersOf(same, 'metrics')).toEqual(['accuracy']);
    expect(points(same, 'accuracy').map(p => [p.x, p.y])).toEqual([
      [1, 0.7],
      [2, 0.9]
    ]);
    expect(points(same, 'accuracy', 'lr').map(p => p.x)).toEqual([0.1, 0.5]);
  });

  it.each([
    [
      [0.71, 0.9],
      [0.7, 0.75, 0.8, 0.85, 0.9]
    ],
    [
      [5, 5],
      [4.4, 4.6, 4.8, 5, 5.2, 5.4, 5.6]
    ],
    [[], [0, 0.2, 0.4, 0.6, 0.8, 1]]
  ])('puts round numbers on an axis for %j', (values, ticks) => {
    expect(axis(values).ticks).toEqual(ticks);
  });
});
