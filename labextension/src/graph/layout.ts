/** Where the boxes stand. Pure; dagre does the work. */

import { Graph, layout } from '@dagrejs/dagre';

import { farLinks, lanes } from './lanes';
import { Box, BOX_WIDTH, heightOf, IDrawing, ILink } from './model';
import { namesOf } from './words';

export type Orientation = 'vertical' | 'horizontal';

export interface IPlace {
  readonly x: number;
  readonly y: number;
}

/** Where everything stands. */
export interface ILayout {
  /** The upper left corner of each box, by its id. */
  readonly boxes: Map<string, IPlace>;
  /** The way of each line around the boxes, by its id. */
  readonly ways: Map<string, IWay>;
}

export interface IWay {
  readonly points: readonly IPlace[];
  /** The middle of its label. */
  readonly label: IPlace;
}

const LABEL_HEIGHT = 14;
/** Of a letter in a label. */
const LETTER_WIDTH = 6;
/** Room for a size that a run may add to the label. */
const SIZE_LETTERS = 9;

/** From here on quicker ways to choose ranks and orders: a large graph must be there at once. */
export const MANY = 60;

export function places(drawing: IDrawing, orientation: Orientation): ILayout {
  const graph = new Graph({ multigraph: false });
  const many = drawing.boxes.length > MANY;
  graph.setGraph({
    rankdir: orientation === 'vertical' ? 'TB' : 'LR',
    nodesep: 20,
    edgesep: 12,
    ranksep: orientation === 'vertical' ? 36 : 30,
    ranker: many ? 'tight-tree' : 'network-simplex'
  });
  for (const box of drawing.boxes) {
    graph.setNode(box.id, { width: BOX_WIDTH, height: heightOf(box) });
  }
  const far = many ? farLinks(drawing) : new Set<ILink>();
  const near = drawing.links.filter(link => !far.has(link));
  for (const link of near) {
    graph.setEdge(link.source, link.target, {
      weight: link.kind === 'data' ? 2 : 1,
      labelpos: 'c',
      ...labelSize(link, many)
    });
  }
  layout(graph, { disableOptimalOrderHeuristic: many });
  const boxes = new Map(drawing.boxes.map(box => [box.id, corner(graph, box)]));
  const ways = new Map(near.map(link => [link.id, way(graph, link)]));
  const beside = lanes(far, drawing.boxes, { boxes, ways }, orientation);
  return { boxes, ways: new Map([...ways, ...beside]) };
}

/** dagre keeps room for the label, so that neither a box nor another label covers it. */
function labelSize(link: ILink, many: boolean): { width: number; height: number } {
  const letters = namesOf(link.variables).length;
  if (many || !letters) {
    return { width: 0, height: 0 };
  }
  return { width: (letters + SIZE_LETTERS) * LETTER_WIDTH, height: LABEL_HEIGHT };
}

function way(graph: Graph, link: ILink): IWay {
  const found = graph.edge(link.source, link.target) as unknown as {
    points: IPlace[];
    x?: number;
    y?: number;
  };
  const points = found.points.map(({ x, y }) => ({ x, y }));
  const middle = points[Math.floor(points.length / 2)];
  return { points, label: { x: found.x ?? middle.x, y: found.y ?? middle.y } };
}

function corner(graph: Graph, box: Box): IPlace {
  const { x, y } = graph.node(box.id) as unknown as IPlace;
  return { x: x - BOX_WIDTH / 2, y: y - heightOf(box) / 2 };
}
