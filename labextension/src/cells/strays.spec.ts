import { ICellState, readMarks } from './marks';
import { IMarked, strays } from './strays';

function state(...cells: string[]): IMarked {
  const read = cells.map((cell): ICellState => {
    const [id, ...tags] = cell.split(' ');
    return { id, kind: 'code', tags, settings: null, source: 'x = 1' };
  });
  return { cells: read, marks: readMarks(read) };
}

const whole = state('1 step:a', '2', '3 step:b', '4', '5');

it('finds cells left behind when the one that began their step goes', () => {
  const found = [{ from: 'b', to: 'a', ids: ['4', '5'] }];
  expect(strays(whole, state('1 step:a', '2', '4', '5'))).toEqual(found);
  expect(strays(whole, state('3 step:b', '1 step:a', '2', '4', '5'))).toEqual(found);
});

it('finds an untagged cell that was moved into another step', () => {
  expect(strays(whole, state('1 step:a', '4', '2', '3 step:b', '5'))).toEqual([
    { from: 'b', to: 'a', ids: ['4'] }
  ]);
});

it('says nothing of tags, new cells and moves within a step', () => {
  expect(strays(whole, state('1 step:a', '2', '3 step:a', '4', '5'))).toEqual([]);
  expect(strays(whole, state('1 step:a', 'new', '2', '3 step:b', '4', '5'))).toEqual(
    []
  );
  expect(strays(whole, state('1 step:a', '2', '3 step:b', '5', '4'))).toEqual([]);
});
