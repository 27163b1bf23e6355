import { Edge, EdgeProps, getBezierPath } from '@xyflow/react';
import { memo } from 'react';

import { formatBytes } from '../ui/format';
import type { ILink, ILinkVariable } from './model';

export interface ILineData extends Record<string, unknown> {
  readonly link: ILink;
}

export type LineEdgeType = Edge<ILineData, 'line'>;

/** More names than this would cover the graph; all of them are in the tip. */
const SHOWN = 2;

export const LineEdge = memo((props: EdgeProps<LineEdgeType>): JSX.Element => {
  const link = props.data!.link;
  const [path, x, y] = getBezierPath(props);
  const label = labelOf(link.variables);
  return (
    <g className="jp-lw-GraphLine" data-lw-kind={link.kind}>
      <path d={path} className="jp-lw-GraphLine-path" markerEnd={props.markerEnd} />
      {label && (
        <text x={x} y={y} className="jp-lw-GraphLine-label">
          <title>{link.variables.map(tipOf).join('\n')}</title>
          {label}
        </text>
      )}
    </g>
  );
});
LineEdge.displayName = 'LineEdge';

/** `X, y +3 · 1.2 MB` */
export function labelOf(variables: readonly ILinkVariable[]): string {
  const names = variables.slice(0, SHOWN).map(one => one.name);
  const more = variables.length - names.length;
  const sizes = variables.map(one => one.bytes).filter(size => size !== null);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  return [
    names.join(', ') + (more > 0 ? ` +${more}` : ''),
    sizes.length > 0 && formatBytes(total)
  ]
    .filter(Boolean)
    .join(' · ');
}

function tipOf({ name, type, bytes }: ILinkVariable): string {
  return [name, type, bytes !== null && formatBytes(bytes)].filter(Boolean).join(' · ');
}
