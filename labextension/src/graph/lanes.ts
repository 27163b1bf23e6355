/** Lines that pass many ranks go in lanes beside the drawing. Pure. */

import type { ILayout, IPlace, IWay, Orientation } from './layout';
import { Box, BOX_WIDTH, heightOf, IDrawing, ILink } from './model';

/** dagre puts a place into each rank that a line passes; from here on that takes too long. */
const REACH = 8;

const LANE = 8;
/** Between the boxes and the first lane. */
const MARGIN = 24;
/** How far from a box a line turns: half of the room between two ranks. */
const TURN = 15;
const RADIUS = 7;

/** The links of a drawing that pass more than `REACH` ranks. */
export function farLinks({ boxes, links }: IDrawing): Set<ILink> {
  const rank = ranks(boxes, links);
  return new Set(
    links.filter(({ source, target }) => rank.get(target)! - rank.get(source)! > REACH)
  );
}

/** By the longest way from the top; what has nothing above it stands right over its first reader. */
function ranks(boxes: readonly Box[], links: readonly ILink[]): Map<string, number> {
  const into = grouped(links, link => link.target);
  const out = grouped(links, link => link.source);
  const rank = new Map<string, number>();
  const waits = new Map(boxes.map(({ id }) => [id, into.get(id)?.length ?? 0]));
  const ready = boxes.map(box => box.id).filter(id => !waits.get(id));
  for (const id of ready) {
    const above = into.get(id)?.map(link => rank.get(link.source)! + 1) ?? [];
    rank.set(id, Math.max(0, ...above));
    for (const { target } of out.get(id) ?? []) {
      waits.set(target, waits.get(target)! - 1);
      if (!waits.get(target)) {
        ready.push(target);
      }
    }
  }
  for (const { id } of boxes) {
    if (!into.has(id) && out.has(id)) {
      const below = out.get(id)!.map(link => rank.get(link.target)!);
      rank.set(id, Math.min(...below) - 1);
    }
  }
  return rank;
}

interface IRange {
  readonly from: number;
  readonly to: number;
}

/** The ways of the far links beside all that has its place. Those from one box share a lane. */
export function lanes(
  far: ReadonlySet<ILink>,
  boxes: readonly Box[],
  { boxes: where, ways: near }: ILayout,
  orientation: Orientation
): Map<string, IWay> {
  const axes = orientation === 'vertical' ? VERTICAL : HORIZONTAL;
  const byId = new Map(boxes.map(box => [box.id, box]));
  const end = (id: string): IEnds => axes.ends(byId.get(id)!, where.get(id)!);
  const edge = Math.max(
    ...boxes.map(box => end(box.id).beside),
    ...[...near.values()].flatMap(way => way.points.map(axes.across))
  );
  const free: number[] = [];
  const ways = new Map<string, IWay>();
  const buses = [...grouped(far, link => link.source)].map(([source, links]) => {
    const turns = [
      end(source).out + TURN,
      ...links.map(one => end(one.target).in - TURN)
    ];
    return { source, links, from: Math.min(...turns), to: Math.max(...turns) };
  });
  for (const bus of buses.sort((one, other) => one.from - other.from)) {
    const across = edge + MARGIN + LANE * takeLane(free, bus);
    const from = end(bus.source);
    for (const { id, target } of bus.links) {
      const to = end(target);
      const stretch = [
        { along: from.out, across: from.middle },
        { along: from.out + TURN, across: from.middle },
        { along: from.out + TURN, across },
        { along: to.in - TURN, across },
        { along: to.in - TURN, across: to.middle },
        { along: to.in, across: to.middle }
      ];
      const label = { along: to.in - TURN, across: (edge + to.middle) / 2 };
      ways.set(id, {
        points: rounded(stretch).map(axes.place),
        label: axes.place(label)
      });
    }
  }
  return ways;
}

/** The first lane that is free again where the range begins; `free`: from where each lane is. */
function takeLane(free: number[], { from, to }: IRange): number {
  const found = free.findIndex(until => until < from);
  const lane = found < 0 ? free.length : found;
  free[lane] = to;
  return lane;
}

function grouped(
  links: Iterable<ILink>,
  by: (link: ILink) => string
): Map<string, ILink[]> {
  const found = new Map<string, ILink[]>();
  for (const link of links) {
    found.set(by(link), [...(found.get(by(link)) ?? []), link]);
  }
  return found;
}

interface ISpot {
  /** In the direction of the ranks. */
  readonly along: number;
  readonly across: number;
}

/** Corners that bend close to where they are: a line is drawn by way of the middles. */
function rounded(stretch: readonly ISpot[]): ISpot[] {
  return stretch.flatMap((corner, spot) => {
    const before = stretch[spot - 1];
    const after = stretch[spot + 1];
    if (!before || !after) {
      return [corner];
    }
    return [towards(corner, before), corner, towards(corner, after)];
  });
}

function towards(from: ISpot, to: ISpot): ISpot {
  const far = Math.hypot(to.along - from.along, to.across - from.across) || 1;
  const part = Math.min(RADIUS / far, 0.5);
  return {
    along: from.along + (to.along - from.along) * part,
    across: from.across + (to.across - from.across) * part
  };
}

/** Where the lines of a box begin and end. */
interface IEnds {
  readonly in: number;
  readonly out: number;
  readonly middle: number;
  /** Where there is nothing more of the box, across. */
  readonly beside: number;
}

interface IAxes {
  ends(box: Box, corner: IPlace): IEnds;
  place(spot: ISpot): IPlace;
  across(place: IPlace): number;
}

const VERTICAL: IAxes = {
  ends: (box, { x, y }) => ({
    in: y,
    out: y + heightOf(box),
    middle: x + BOX_WIDTH / 2,
    beside: x + BOX_WIDTH
  }),
  place: ({ along, across }) => ({ x: across, y: along }),
  across: ({ x }) => x
};

const HORIZONTAL: IAxes = {
  ends: (box, { x, y }) => ({
    in: x,
    out: x + BOX_WIDTH,
    middle: y + heightOf(box) / 2,
    beside: y + heightOf(box)
  }),
  place: ({ along, across }) => ({ x: along, y: across }),
  across: ({ y }) => y
};
