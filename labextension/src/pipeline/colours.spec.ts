import { assignColours, COLOURS, cssColour } from './colours';

const many = Array.from({ length: 20 }, (_, index) => `s${index}`);

it('gives each of the first steps a colour of its own', () => {
  expect([...assignColours(many.slice(0, COLOURS)).values()]).toEqual([
    0, 1, 2, 3, 4, 5, 6, 7
  ]);
});

it('lets a step keep its colour when others come and go', () => {
  const before = assignColours(['a', 'b', 'c']);
  const after = assignColours(['new', 'a', 'c'], before);
  expect(after.get('a')).toBe(before.get('a'));
  expect(after.get('c')).toBe(before.get('c'));
  expect([before.get('a'), before.get('c')]).not.toContain(after.get('new'));
});

it('never gives neighbours one colour', () => {
  const colours = [...assignColours(many).values()];
  colours.slice(1).forEach((colour, index) => expect(colour).not.toBe(colours[index]));
});

it('writes CSS', () => {
  expect(cssColour(3)).toBe('var(--lw-step-3)');
  expect(cssColour(undefined)).toContain('border');
});
