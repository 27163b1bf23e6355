import { useId } from 'react';

import { runKey } from '../api';
import { CommandIDs } from '../tokens';
import { usePanel } from './hooks';
import { axis, type Point } from './series';
import { formatValue, moment } from './words';

const WIDTH = 640;
const HEIGHT = 240;
const LEFT = 56;
const RIGHT = 16;
const TOP = 12;
const BOTTOM = 36;

export interface IPlotProps {
  points: readonly Point[];
  /** The name of what goes up. */
  metric: string;
  /** The name of what goes to the right; null: the runs in their order. */
  over: string | null;
  /** The run that is looked at. */
  current: string;
}

/** A metric over runs. Every point is a link to its run; a table says the same to a reader. */
export function Plot({ points, metric, over, current }: IPlotProps): JSX.Element {
  const { trans, commands } = usePanel();
  const title = useId();
  const x = axis(
    points.map(point => point.x),
    6,
    over === null
  );
  const y = axis(points.map(point => point.y));
  const left = (value: number): number =>
    LEFT + ((value - x.low) / (x.high - x.low)) * (WIDTH - LEFT - RIGHT);
  const top = (value: number): number =>
    HEIGHT - BOTTOM - ((value - y.low) / (y.high - y.low)) * (HEIGHT - TOP - BOTTOM);
  const label = over === null ? trans.__('Runs, the oldest first') : over;
  const open = (runId: string): void =>
    void commands.execute(CommandIDs.openRun, { runId });
  return (
    <figure className="jp-lw-Plot">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="group" aria-labelledby={title}>
        <title id={title}>{trans.__('%1 over %2', metric, label)}</title>
        <g aria-hidden>
          {y.ticks.map(tick => (
            <g key={tick} className="jp-lw-Plot-tick">
              <line x1={LEFT} x2={WIDTH - RIGHT} y1={top(tick)} y2={top(tick)} />
              <text
                x={LEFT - 8}
                y={top(tick)}
                textAnchor="end"
                dominantBaseline="middle"
              >
                {formatValue(tick)}
              </text>
            </g>
          ))}
          {x.ticks.map(tick => (
            <text
              key={tick}
              className="jp-lw-Plot-label"
              x={left(tick)}
              y={HEIGHT - BOTTOM + 16}
              textAnchor="middle"
            >
              {formatValue(tick)}
            </text>
          ))}
          <text
            className="jp-lw-Plot-label"
            x={(LEFT + WIDTH - RIGHT) / 2}
            y={HEIGHT - 4}
            textAnchor="middle"
          >
            {label}
          </text>
          <polyline
            points={points.map(point => `${left(point.x)},${top(point.y)}`).join(' ')}
          />
        </g>
        {points.map(({ run, x: at, y: value }) => {
          const words = `${metric} ${formatValue(value)}, ${over ?? trans.__('run')} ${formatValue(at)}, ${moment(run.created_at)}`;
          return (
            <circle
              key={runKey(run)}
              className={runKey(run) === current ? 'jp-mod-current' : ''}
              cx={left(at)}
              cy={top(value)}
              r={runKey(run) === current ? 6 : 4}
              role="link"
              tabIndex={0}
              aria-label={words}
              aria-current={runKey(run) === current ? 'true' : undefined}
              onClick={() => open(runKey(run))}
              onKeyDown={event => {
                if (event.key === 'Enter') {
                  open(runKey(run));
                }
              }}
            >
              <title>{`${words}\n${run.run_id}`}</title>
            </circle>
          );
        })}
      </svg>
    </figure>
  );
}
