import { changedCells, rows, stepRows } from './view';

describe('comparison', () => {
  it('shows what differs first, and by how much', () => {
    const found = rows([
      { name: 'same', left: 1, right: 1, equal: true },
      { name: 'lr', left: 0.5, right: 0.75, equal: false },
      { name: 'kind', left: 'a', right: null, equal: false }
    ]);
    expect(found.map(row => [row.name, row.change])).toEqual([
      ['lr', 0.25],
      ['kind', null],
      ['same', 0]
    ]);
  });

  it('measures steps by the longest', () => {
    const step = (name: string, left: number | null, right: number | null) => ({
      name,
      left: 'SUCCEEDED' as const,
      right: 'SUCCEEDED' as const,
      left_cached: false,
      right_cached: false,
      left_seconds: left,
      right_seconds: right
    });
    const found = stepRows([step('a', 1, 4), step('b', null, 2)]);
    expect(found.map(row => [row.leftShare, row.rightShare, row.change])).toEqual([
      [0.25, 1, 3],
      [0, 0.5, null]
    ]);
    expect(stepRows([step('a', null, null)])[0].leftShare).toBe(0);
  });

  it('counts the cells that a diff touches', () => {
    expect(changedCells(null)).toBe(0);
    expect(changedCells([])).toBe(0);
    const diff = [
      {
        op: 'patch',
        key: 'cells',
        diff: [
          { op: 'addrange', key: 1, valuelist: [{}, {}] },
          { op: 'removerange', key: 3, length: 2 },
          { op: 'patch', key: 6, diff: [] }
        ]
      }
    ];
    expect(changedCells(diff as never)).toBe(5);
  });
});
