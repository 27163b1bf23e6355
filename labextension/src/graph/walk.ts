/** Which box an arrow key leads to. Pure. */

import type { IPlace, Orientation } from './layout';
import type { IDrawing } from './model';

export type Direction = 'forward' | 'back' | 'before' | 'after';

const KEYS: Record<Orientation, Readonly<Record<string, Direction>>> = {
  vertical: {
    ArrowDown: 'forward',
    ArrowUp: 'back',
    ArrowLeft: 'before',
    ArrowRight: 'after'
  },
  horizontal: {
    ArrowRight: 'forward',
    ArrowLeft: 'back',
    ArrowUp: 'before',
    ArrowDown: 'after'
  }
};

export function directionOf(key: string, orientation: Orientation): Direction | null {
  return KEYS[orientation][key] ?? null;
}

/** Along the lines forward and back, along the rank before and after; null at an end. */
export function neighbour(
  { boxes, links }: IDrawing,
  where: ReadonlyMap<string, IPlace>,
  from: string,
  direction: Direction,
  orientation: Orientation
): string | null {
  const here = where.get(from);
  if (!here) {
    return null;
  }
  const across = (place: IPlace): number =>
    orientation === 'vertical' ? place.x : place.y;
  const along = (place: IPlace): number =>
    orientation === 'vertical' ? place.y : place.x;
  let ids: string[];
  let distance: (place: IPlace) => number;
  if (direction === 'forward' || direction === 'back') {
    ids =
      direction === 'forward'
        ? links.filter(link => link.source === from).map(link => link.target)
        : links.filter(link => link.target === from).map(link => link.source);
    distance = place => Math.abs(across(place) - across(here));
  } else {
    const sign = direction === 'after' ? 1 : -1;
    ids = boxes
      .map(box => box.id)
      .filter(id => {
        const place = where.get(id);
        return place && sign * (across(place) - across(here)) > 0;
      });
    // The same rank first: ranks are far apart compared with the boxes in one.
    distance = place =>
      Math.abs(across(place) - across(here)) + 8 * Math.abs(along(place) - along(here));
  }
  const found = ids.map(id => ({ id, far: distance(where.get(id)!) }));
  found.sort((left, right) => left.far - right.far);
  return found[0]?.id ?? null;
}
