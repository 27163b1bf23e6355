/** Where the boxes stand. Pure; dagre does the work. */

import { Graph, layout } from '@dagrejs/dagre';

import { Box, BOX_WIDTH, heightOf, IDrawing } from './model';

export type Orientation = 'vertical' | 'horizontal';

export interface IPlace {
  readonly x: number;
  readonly y: number;
}

/** From here on quicker ways to choose ranks and orders: a large graph must be there at once. */
export const MANY = 60;

/** The upper left corner of each box, by its id. */
export function places(
  drawing: IDrawing,
  orientation: Orientation
): Map<string, IPlace> {
  const graph = new Graph();
  const many = drawing.boxes.length > MANY;
  graph.setGraph({
    rankdir: orientation === 'vertical' ? 'TB' : 'LR',
    nodesep: 20,
    // Between ranks there is room for the variables' names.
    ranksep: orientation === 'vertical' ? 40 : 110,
    ranker: many ? 'tight-tree' : 'network-simplex'
  });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const box of drawing.boxes) {
    graph.setNode(box.id, { width: BOX_WIDTH, height: heightOf(box) });
  }
  for (const link of drawing.links) {
    graph.setEdge(link.source, link.target, { weight: link.kind === 'data' ? 2 : 1 });
  }
  layout(graph, { disableOptimalOrderHeuristic: many });
  return new Map(drawing.boxes.map(box => [box.id, corner(graph, box)]));
}

function corner(graph: Graph, box: Box): IPlace {
  const { x, y } = graph.node(box.id) as unknown as IPlace;
  return { x: x - BOX_WIDTH / 2, y: y - heightOf(box) / 2 };
}
