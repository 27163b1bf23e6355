import type { Run } from '../api';
import { StateIcon, formatDuration, stateLabel } from '../ui';
import { isActive } from './filter';
import { timeline } from './gantt';
import { useNow, usePanel } from './hooks';
import { stepTitle } from './words';

export interface IStepsTabProps {
  run: Run;
  selected: string | null;
  onSelect: (key: string) => void;
}

/** The steps, and when each of them ran. */
export function StepsTab({ run, selected, onSelect }: IStepsTabProps): JSX.Element {
  const { trans } = usePanel();
  const now = useNow(isActive(run.state), 250);
  const { bars, ticks } = timeline(run.steps, now);
  return (
    <table className="jp-lw-Steps" aria-label={trans.__('Steps')}>
      <thead>
        <tr>
          <th scope="col">{trans.__('Step')}</th>
          <th scope="col" className="jp-lw-Steps-axis">
            <span className="jp-lw-visually-hidden">{trans.__('Time')}</span>
            <div className="jp-lw-Steps-ticks" aria-hidden>
              {ticks.map(({ at, seconds }) => (
                <span key={seconds} style={{ left: `${at * 100}%` }}>
                  {formatDuration(seconds)}
                </span>
              ))}
            </div>
          </th>
          <th scope="col" className="jp-lw-Steps-duration">
            {trans.__('Duration')}
          </th>
        </tr>
      </thead>
      <tbody>
        {bars.map(({ key, step, start, width, seconds }) => {
          const look = step.cached ? 'cached' : step.state;
          return (
            <tr
              key={key}
              className={key === selected ? 'jp-mod-selected' : ''}
              data-lw-state={look}
              onClick={() => onSelect(key)}
            >
              <th scope="row">
                <button
                  className="jp-lw-Steps-name"
                  aria-pressed={key === selected}
                  title={`${stepTitle(step)}: ${stateLabel(look, trans)}`}
                >
                  <StateIcon state={look} trans={trans} />
                  <span>{stepTitle(step)}</span>
                  {step.retries > 0 && (
                    <span className="jp-lw-Chip">
                      {trans._n('%1 retry', '%1 retries', step.retries)}
                    </span>
                  )}
                </button>
              </th>
              <td>
                <div className="jp-lw-Steps-track" aria-hidden>
                  {ticks.map(tick => (
                    <i key={tick.seconds} style={{ left: `${tick.at * 100}%` }} />
                  ))}
                  {start !== null && (
                    <b style={{ left: `${start * 100}%`, width: `${width * 100}%` }} />
                  )}
                </div>
              </td>
              <td className="jp-lw-Steps-duration">
                {seconds === null ? '–' : step.cached ? '' : formatDuration(seconds)}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
