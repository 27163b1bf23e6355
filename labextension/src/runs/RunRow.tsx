import { memo, type CSSProperties } from 'react';
import type { TranslationBundle } from '@jupyterlab/translation';

import { LOCAL, runKey, type RunSummary } from '../api';
import { Duration, StateIcon, stateLabel } from '../ui';
import { isActive } from './filter';
import { ago, headline, moment } from './words';

export interface IRunRowProps {
  id: string;
  run: RunSummary;
  index: number;
  total: number;
  selected: boolean;
  current: boolean;
  style: CSSProperties;
  trans: TranslationBundle;
  /** Minutes go by: draw "2 min ago" anew. */
  minute: number;
}

/** A run in the list: two lines and, while it runs, how far it is. */
export const RunRow = memo(function RunRow(props: IRunRowProps): JSX.Element {
  const { id, run, index, total, selected, current, style, trans } = props;
  const { progress, state } = run;
  const words = headline(run, trans);
  const share = progress.total ? progress.done / progress.total : 0;
  return (
    <div
      id={id}
      role="option"
      aria-selected={selected}
      aria-setsize={total}
      aria-posinset={index + 1}
      aria-label={[
        run.name,
        stateLabel(state, trans),
        words,
        ...(run.target === LOCAL ? [] : [trans.__('on %1', run.target)]),
        ago(run.created_at)
      ].join(', ')}
      className={`jp-lw-RunRow${current ? ' jp-mod-current' : ''}`}
      data-run-id={runKey(run)}
      data-lw-state={state}
      style={style}
      title={`${run.name} · ${runKey(run)}\n${moment(run.created_at)}\n${words}`}
    >
      <StateIcon state={state} trans={trans} decorative />
      <div className="jp-lw-RunRow-lines">
        <div className="jp-lw-RunRow-line">
          <span className="jp-lw-RunRow-name">{run.name}</span>
          {run.target !== LOCAL && (
            <span className="jp-lw-Chip jp-lw-Target">{run.target}</span>
          )}
          {run.experiment && <span className="jp-lw-Chip">{run.experiment}</span>}
          <span className="jp-lw-RunRow-time">{ago(run.created_at)}</span>
        </div>
        <div className="jp-lw-RunRow-line jp-lw-RunRow-more">
          <span className="jp-lw-RunRow-words">{words}</span>
          <Duration
            start={run.started_at}
            end={isActive(state) ? null : run.finished_at}
          />
        </div>
      </div>
      {(state === 'RUNNING' || state === 'CANCELING') && (
        <div className="jp-lw-RunRow-progress" style={{ width: `${share * 100}%` }} />
      )}
    </div>
  );
});
