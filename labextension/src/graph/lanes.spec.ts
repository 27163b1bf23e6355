import { farLinks } from './lanes';
import { places } from './layout';
import { BOX_WIDTH, drawing, heightOf } from './model';
import { graph, graphStep as step } from './samples';

/** A chain in which each step also reads what the step half as far made. */
function halves(count: number) {
  return graph(
    Array.from({ length: count }, (_, n) =>
      step(`s${n}`, {
        outputs: [`v${n}`],
        inputs: [...new Set([n - 1, n >> 1])]
          .filter(from => from >= 0 && from < n)
          .map(from => ({ name: `v${from}`, from: `s${from}` }))
      })
    )
  );
}

describe('farLinks', () => {
  it('are those over many ranks', () => {
    const far = [...farLinks(drawing(halves(30)))].map(link => link.id);
    expect(far).toContain('step:s10>step:s20');
    expect(far).not.toContain('step:s8>step:s16');
    expect(far).not.toContain('step:s19>step:s20');
  });

  it('are none from a parameter to its first reader', () => {
    const late = halves(30);
    const steps = late.steps.map(one =>
      one.name === 's20' || one.name === 's29'
        ? { ...one, inputs: [...one.inputs, { name: 'p', from: null }] }
        : one
    );
    const parameters = [{ name: 'p', type: 'int', default: 1, required: false }];
    const far = farLinks(drawing(graph(steps, { parameters })));
    const read = [...far].map(link => link.id).filter(id => id.startsWith('parameter'));
    expect(read).toEqual(['parameter:p>step:s29']);
  });

  it('stay finite in a circle of half-typed steps', () => {
    const circle = graph([
      step('a', { after: ['b'] }),
      step('b', { after: ['a'] }),
      step('c', { after: ['b'] })
    ]);
    expect(farLinks(drawing(circle)).size).toBe(0);
  });
});

describe.each(['vertical', 'horizontal'] as const)('lanes, %s', orientation => {
  const picture = drawing(halves(200));
  const { boxes, ways } = places(picture, orientation);
  const upright = orientation === 'vertical';
  const far = [...farLinks(picture)];

  it('lead each far line from its box to its box', () => {
    expect(far.length).toBeGreaterThan(150);
    for (const { id, source, target } of far) {
      const { points } = ways.get(id)!;
      const [from, to] = [boxes.get(source)!, boxes.get(target)!];
      const height = heightOf(picture.boxes[0]);
      expect(points[0]).toEqual(
        upright
          ? { x: from.x + BOX_WIDTH / 2, y: from.y + height }
          : { x: from.x + BOX_WIDTH, y: from.y + height / 2 }
      );
      expect(points.at(-1)).toEqual(
        upright
          ? { x: to.x + BOX_WIDTH / 2, y: to.y }
          : { x: to.x, y: to.y + height / 2 }
      );
    }
  });

  it('are beside all boxes, and one for each box whose lines pass at a time', () => {
    const across = (id: string): number =>
      Math.max(...ways.get(id)!.points.map(point => (upright ? point.x : point.y)));
    const edge = Math.max(
      ...picture.boxes.map(box => {
        const { x, y } = boxes.get(box.id)!;
        return upright ? x + BOX_WIDTH : y + heightOf(box);
      })
    );
    expect(Math.min(...far.map(link => across(link.id)))).toBeGreaterThan(edge);
    expect(across('step:s40>step:s80')).toBe(across('step:s40>step:s81'));
    expect(across('step:s40>step:s80')).not.toBe(across('step:s41>step:s82'));
    const lanes = new Set(far.map(link => Math.round(across(link.id))));
    expect(lanes.size).toBeLessThan(70);
  });
});
