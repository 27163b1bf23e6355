import { Focus, keyTarget, NOTHING, only, stretched, toggled } from './selection';

const order = ['a', 'b', 'c', 'd'];

describe('selection', () => {
  it('adds, takes away and stretches as lists do', () => {
    const two = toggled(only('a'), 'c');
    expect(two.ids).toEqual(['a', 'c']);
    expect(toggled(two, 'a').ids).toEqual(['c']);
    expect(stretched(only('b'), 'd', order).ids).toEqual(['b', 'c', 'd']);
    expect(stretched(stretched(only('c'), 'd', order), 'a', order).ids).toEqual([
      'c',
      'b',
      'a'
    ]);
    expect(stretched(NOTHING, 'b', order).ids).toEqual(['b']);
  });

  it.each([
    ['ArrowDown', -1, 0],
    ['ArrowDown', 3, 3],
    ['ArrowUp', 0, 0],
    ['PageDown', 1, 3],
    ['PageUp', 3, 1],
    ['Home', 2, 0],
    ['End', 0, 3],
    ['x', 0, null]
  ])('leads %s from %d to %s', (key, from, to) => {
    expect(keyTarget(key, from, 4, 2)).toBe(to);
  });

  it('means the view in front, or the list, whichever had the focus last', () => {
    const focus = new Focus();
    let told = 0;
    focus.changed.connect(() => (told += 1));
    focus.select(toggled(only('a'), 'b'));
    expect(focus.ids).toEqual(['a', 'b']);
    focus.view('z');
    expect(focus.ids).toEqual(['z']);
    focus.list();
    expect(focus.ids).toEqual(['a', 'b']);
    focus.drop('a');
    expect(focus.ids).toEqual(['b']);
    expect(told).toBe(4);
  });
});
