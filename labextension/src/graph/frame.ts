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
const SMALLEST = 0.7;

/** All of it where it can be read then; else the surroundings of the first box. */
export function firstView(
  boxes: readonly Box[],
  where: ReadonlyMap<string, IPlace>,
  size: ISize,
  smallest = SMALLEST
): IViewport {
  const width = Math.max(1, ...boxes.map(box => where.get(box.id)!.x + BOX_WIDTH));
  const height = Math.max(1, ...boxes.map(box => where.get(box.id)!.y + heightOf(box)));
  const room = {
    width: Math.max(1, size.width - 2 * MARGIN),
    height: Math.max(1, size.height - 2 * MARGIN)
  };
  const zoom = Math.min(
    1,
    Math.max(smallest, Math.min(room.width / width, room.height / height))
  );
  const first = boxes.length > 0 ? where.get(boxes[0].id)! : { x: 0, y: 0 };
  return {
    x: MARGIN + offset(room.width, width * zoom, (first.x + BOX_WIDTH / 2) * zoom),
    y: MARGIN + offset(room.height, height * zoom, first.y * zoom),
    zoom
  };
}

/** Centred where there is room; else `anchor` in the middle, and no room wasted at an end. */
function offset(room: number, length: number, anchor: number): number {
  return length <= room
    ? (room - length) / 2
    : Math.min(0, Math.max(room - length, room / 2 - anchor));
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
