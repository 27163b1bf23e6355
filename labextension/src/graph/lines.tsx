import { Edge, EdgeProps } from '@xyflow/react';
import { memo } from 'react';

import type { IPlace, IWay } from './layout';
import type { ILink } from './model';
import { labelOf, tipOf } from './words';

export interface ILineData extends Record<string, unknown> {
  readonly link: ILink;
  readonly way: IWay;
}

export type LineEdgeType = Edge<ILineData, 'line'>;

export const LineEdge = memo((props: EdgeProps<LineEdgeType>): JSX.Element => {
  const { link, way } = props.data!;
  const label = labelOf(link.variables);
  return (
    <g className="jp-lw-GraphLine" data-lw-kind={link.kind}>
      <path
        d={curve(way.points)}
        className="jp-lw-GraphLine-path"
        markerEnd={props.markerEnd}
      />
      {label && (
        <text x={way.label.x} y={way.label.y} className="jp-lw-GraphLine-label">
          <title>{link.variables.map(tipOf).join('\n')}</title>
          {label}
        </text>
      )}
    </g>
  );
});
LineEdge.displayName = 'LineEdge';

/** A smooth path by way of the points: each corner is rounded from middle to middle. */
export function curve(points: readonly IPlace[]): string {
  const [first, ...rest] = points;
  const last = rest.pop();
  if (!last) {
    return '';
  }
  const parts = [`M${at(first)}`];
  rest.forEach((corner, spot) => {
    const next = rest[spot + 1] ?? last;
    const end =
      spot === rest.length - 1
        ? last
        : { x: (corner.x + next.x) / 2, y: (corner.y + next.y) / 2 };
    parts.push(`Q${at(corner)} ${at(end)}`);
  });
  if (!rest.length) {
    parts.push(`L${at(last)}`);
  }
  return parts.join('');
}

function at({ x, y }: IPlace): string {
  return `${Math.round(x * 10) / 10},${Math.round(y * 10) / 10}`;
}
