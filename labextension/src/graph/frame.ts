/** What part of a drawing is seen first. Pure. */

import { IPlace } from './layout';
import { Box, BOX_WIDTH, heightOf } from './model';

export interface ISize {
  readonly width: number;
  readonly height: number;
}

export interface IViewport {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

const MARGIN = 16;
/** Smaller than this, names cannot be read. */
const SMALLEST = 0.5;

/** All of it where it can be read then; else its beginning. */
export function firstView(
  boxes: readonly Box[],
  where: ReadonlyMap<string, IPlace>,
  size: ISize
): IViewport {
  const width = Math.max(1, ...boxes.map(box => where.get(box.id)!.x + BOX_WIDTH));
  const height = Math.max(1, ...boxes.map(box => where.get(box.id)!.y + heightOf(box)));
  const room = {
    width: Math.max(1, size.width - 2 * MARGIN),
    height: Math.max(1, size.height - 2 * MARGIN)
  };
  const zoom = Math.min(
    1,
    Math.max(SMALLEST, Math.min(room.width / width, room.height / height))
  );
  return {
    x: MARGIN + Math.max(0, (room.width - width * zoom) / 2),
    y: MARGIN + Math.max(0, (room.height - height * zoom) / 2),
    zoom
  };
}

/** The viewport that shows a box, or null where it is seen already. */
export function toShow(
  box: Box,
  place: IPlace,
  view: IViewport,
  size: ISize
): IViewport | null {
  const left = place.x * view.zoom + view.x;
  const top = place.y * view.zoom + view.y;
  const width = BOX_WIDTH * view.zoom;
  const height = heightOf(box) * view.zoom;
  if (
    left >= 0 &&
    top >= 0 &&
    left + width <= size.width &&
    top + height <= size.height
  ) {
    return null;
  }
  return {
    x: view.x + (size.width - width) / 2 - left,
    y: view.y + (size.height - height) / 2 - top,
    zoom: view.zoom
  };
}
