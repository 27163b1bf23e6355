import { nullTranslator } from '@jupyterlab/translation';

import { describe as words } from './boxes';
import { firstView, toShow } from './frame';
import { places } from './layout';
import { curve } from './lines';
import { badgesOf, BOX_WIDTH, drawing, IStepBox, shapeOf } from './model';
import { graph, graphStep as step } from './samples';
import { neighbour } from './walk';
import { labelOf } from './words';

const DIAMOND = graph(
  [
    step('load', {
      cells: [2],
      inputs: [{ name: 'path', from: null }],
      outputs: ['X', 'y']
    }),
    step('left', { inputs: [{ name: 'X', from: 'load' }] }),
    step('right', {
      inputs: [
        { name: 'X', from: 'load' },
        { name: 'y', from: 'load' }
      ],
      when: 'X > 1',
      foreach: 'seed in seeds'
    }),
    step('join', { after: ['left', 'right'], finally: true })
  ],
  {
    parameters: [
      { name: 'path', type: 'str', default: 'a.csv', required: false },
      { name: 'unused', type: 'int', default: 1, required: false }
    ],
    diagnostics: [
      { cell: 2, severity: 'info', code: 'a', message: 'first' },
      { cell: 2, severity: 'error', code: 'b', message: 'second' },
      { cell: null, severity: 'error', code: 'c', message: 'elsewhere' }
    ]
  }
);

function box(name: string, overlay = {}): IStepBox {
  return drawing(DIAMOND, overlay).boxes.find(
    one => one.id === `step:${name}`
  ) as IStepBox;
}

describe('drawing', () => {
  it('joins all variables between two steps in one line', () => {
    const { links } = drawing(DIAMOND);
    expect(
      links.map(link => [link.id, link.kind, link.variables.map(v => v.name)])
    ).toEqual([
      ['parameter:path>step:load', 'parameter', []],
      ['step:load>step:left', 'data', ['X']],
      ['step:load>step:right', 'data', ['X', 'y']],
      ['step:left>step:join', 'order', []],
      ['step:right>step:join', 'order', []]
    ]);
  });

  it('draws only the parameters that a step reads', () => {
    const ids = drawing(DIAMOND).boxes.map(one => one.id);
    expect(ids).toContain('parameter:path');
    expect(ids).not.toContain('parameter:unused');
  });

  it('leaves out lines from steps that are not there', () => {
    const broken = graph([
      step('a', { after: ['gone'], inputs: [{ name: 'x', from: 'no' }] })
    ]);
    expect(drawing(broken).links).toEqual([]);
  });

  it("puts a run's state before the preview, and why only beside the preview", () => {
    const preview = [
      { name: 'left', state: 'stale' as const, why: 'its code changed' }
    ];
    expect(box('left', { preview })).toMatchObject({
      state: 'stale',
      why: 'its code changed'
    });
    const states = { left: 'RUNNING' as const };
    expect(box('left', { preview, states })).toMatchObject({
      state: 'RUNNING',
      why: null
    });
  });

  it('takes the worst severity of the cells', () => {
    expect(box('load')).toMatchObject({
      severity: 'error',
      remarks: ['first', 'second']
    });
    expect(box('left').severity).toBeNull();
  });

  it('shows types and sizes after a run', () => {
    const values = { load: [{ name: 'X', type: 'DataFrame', bytes: 2048 }] } as never;
    const [, link] = drawing(DIAMOND, { values }).links;
    expect(link.variables).toEqual([{ name: 'X', type: 'DataFrame', bytes: 2048 }]);
    expect(labelOf(link.variables)).toBe('X · 2 kB');
  });

  it('keeps its shape when only states change', () => {
    const before = shapeOf(drawing(DIAMOND));
    expect(shapeOf(drawing(DIAMOND, { states: { load: 'FAILED' } }))).toBe(before);
    expect(shapeOf(drawing(graph(DIAMOND.steps.slice(1))))).not.toBe(before);
  });

  it('knows conditions, loops and what runs at the end', () => {
    expect(badgesOf(box('right').step)).toEqual(['when', 'foreach']);
    expect(badgesOf(box('join').step)).toEqual(['finally']);
  });
});

describe('labelOf', () => {
  it('counts what it does not name', () => {
    const names = ['a', 'b', 'c', 'd'].map(name => ({ name, type: null, bytes: null }));
    expect(labelOf(names)).toBe('a, b +2');
    expect(labelOf([])).toBe('');
  });
});

describe('places', () => {
  it.each(['vertical', 'horizontal'] as const)('follow the data, %s', orientation => {
    const where = places(drawing(DIAMOND), orientation).boxes;
    const along = (id: string) =>
      where.get(id)![orientation === 'vertical' ? 'y' : 'x'];
    expect(along('parameter:path')).toBeLessThan(along('step:load'));
    expect(along('step:load')).toBeLessThan(along('step:left'));
    expect(along('step:left')).toBeLessThan(along('step:join'));
  });
});

describe('ways', () => {
  it('lead around the boxes between', () => {
    const chain = ['a', 'b', 'c'].map((name, spot, all) =>
      step(name, {
        inputs: all.slice(0, spot).map(from => ({ name: `${from}_value`, from }))
      })
    );
    const picture = drawing(graph(chain));
    const { boxes, ways } = places(picture, 'vertical');
    const between = boxes.get('step:b')!;
    const [middle] = [...ways.get('step:a>step:c')!.points].sort(
      (left, right) => Math.abs(left.y - between.y) - Math.abs(right.y - between.y)
    );
    const beside = middle.x < between.x || middle.x > between.x + BOX_WIDTH;
    expect(beside).toBe(true);
  });

  it('are smooth', () => {
    const corner = [
      { x: 0, y: 0 },
      { x: 5, y: 5 },
      { x: 0, y: 10 }
    ];
    expect(curve(corner)).toBe('M0,0Q5,5 0,10');
    expect(curve([corner[0], corner[2]])).toBe('M0,0L0,10');
  });
});

describe('neighbour', () => {
  const picture = drawing(DIAMOND);
  const where = places(picture, 'vertical').boxes;
  const go = (from: string, direction: 'forward' | 'back' | 'before' | 'after') =>
    neighbour(picture, where, from, direction, 'vertical');

  it('goes along lines and along ranks', () => {
    expect(go('step:load', 'back')).toBe('parameter:path');
    expect(['step:left', 'step:right']).toContain(go('step:load', 'forward'));
    const [first, second] = ['step:left', 'step:right'].sort(
      (left, right) => where.get(left)!.x - where.get(right)!.x
    );
    expect(go(first, 'after')).toBe(second);
    expect(go(second, 'before')).toBe(first);
    expect(go('step:join', 'forward')).toBeNull();
  });
});

describe('the frame', () => {
  const { boxes } = drawing(DIAMOND);
  const where = places(drawing(DIAMOND), 'vertical').boxes;

  it('shows all in the middle of a large panel, never larger than life', () => {
    expect(firstView(boxes, where, { width: 2000, height: 2000 }).zoom).toBe(1);
  });

  it('shows the surroundings of the first box where all would be too small to read', () => {
    const view = firstView(boxes, where, { width: 400, height: 60 });
    expect(view).toMatchObject({ y: 16, zoom: 0.7 });
    const [first] = boxes;
    const place = where.get(first.id)!;
    expect(toShow(first, place, view, { width: 400, height: 60 })).toBeNull();
  });

  it('moves only where a box is out of sight', () => {
    const size = { width: 1000, height: 1000 };
    const load = box('load');
    const place = { x: 10, y: 10 };
    expect(toShow(load, place, { x: 0, y: 0, zoom: 1 }, size)).toBeNull();
    expect(toShow(load, place, { x: -500, y: 0, zoom: 1 }, size)).not.toBeNull();
  });
});

describe('the words for a box', () => {
  it('say all that is drawn', () => {
    const trans = nullTranslator.load('labwright');
    const preview = [
      { name: 'right', state: 'stale' as const, why: 'its code changed' }
    ];
    expect(words(box('right', { preview }), trans)).toBe(
      'Step right. Out of date. its code changed. if X > 1. for each seed in seeds. takes X, y'
    );
  });
});
