import { Dialog, showDialog } from '@jupyterlab/apputils';
import { useEffect, useState } from 'react';

import type { Schedule } from '../api';
import { usePanel, useSignal } from '../runs/hooks';
import { moment } from '../runs/words';
import { useAttempt } from '../ui';
import { scheduleKey } from './model';
import { describeCron, timesOf } from './words';

/** What runs by itself, below the list of runs; there only where a target offers it. */
export function Schedules(): JSX.Element {
  const { schedules, trans } = usePanel();
  useSignal(schedules.changed);
  const { all, error } = schedules;
  return (
    <details className="jp-lw-Schedules">
      <summary>
        {trans.__('Schedules')} <span className="jp-lw-muted">{all.length || ''}</span>
      </summary>
      {error && (
        <div className="jp-lw-Runs-remark" role="status">
          {error.message}
        </div>
      )}
      {all.length === 0 && !error && schedules.loaded && (
        <p className="jp-lw-Schedules-none">
          {trans.__('None. The menu Pipeline has “Schedule…” for a notebook.')}
        </p>
      )}
      <ul aria-label={trans.__('Schedules')}>
        {all.map(one => (
          <Row key={scheduleKey(one)} schedule={one} />
        ))}
      </ul>
    </details>
  );
}

function Row({ schedule }: { schedule: Schedule }): JSX.Element {
  const { schedules, trans } = usePanel();
  const [busy, attempt] = useAttempt();
  const { name, target, enabled, cron, start, end, error } = schedule;
  const words = useCron(cron);
  const remove = async (): Promise<void> => {
    const { button } = await showDialog({
      title: trans.__('Delete the schedule %1?', name),
      body: trans.__('It makes no more runs. Those that it made are kept.'),
      buttons: [
        Dialog.cancelButton(),
        Dialog.warnButton({ label: trans.__('Delete') })
      ],
      defaultButton: 0
    });
    if (button.accept) {
      await attempt(trans.__('The schedule could not be deleted'), () =>
        schedules.remove(schedule)
      );
    }
  };
  const span = [
    start ? trans.__('from %1', moment(start)) : '',
    end ? trans.__('until %1', moment(end)) : ''
  ];
  return (
    <li data-lw-enabled={enabled}>
      <div className="jp-lw-RunRow-line">
        <span className="jp-lw-RunRow-name">{name}</span>
        <span className="jp-lw-Chip jp-lw-Target">{target}</span>
        {!enabled && <span className="jp-lw-Chip">{trans.__('paused')}</span>}
        <span className="jp-lw-Schedules-actions">
          <button
            className="jp-lw-Link"
            disabled={busy}
            aria-label={
              enabled ? trans.__('Pause %1', name) : trans.__('Resume %1', name)
            }
            onClick={() =>
              void attempt(trans.__('The schedule could not be changed'), () =>
                schedules.switch(schedule, !enabled)
              )
            }
          >
            {enabled ? trans.__('Pause') : trans.__('Resume')}
          </button>
          <button
            className="jp-lw-Link"
            disabled={busy}
            aria-label={trans.__('Delete %1', name)}
            onClick={() => void remove()}
          >
            {trans.__('Delete')}
          </button>
        </span>
      </div>
      <div className="jp-lw-Schedules-words" title={timesOf(schedule, trans)}>
        {[words || timesOf(schedule, trans), ...span].filter(Boolean).join(' · ')}
      </div>
      {error && <div className="jp-lw-Schedules-error">{error}</div>}
    </li>
  );
}

/** A cron in words, once they are there; what cannot be read is shown as it is. */
function useCron(cron: string | null): string {
  const { trans } = usePanel();
  const [words, setWords] = useState('');
  useEffect(() => {
    let current = true;
    if (cron !== null) {
      void describeCron(cron, trans).then(
        found => current && setWords('words' in found ? found.words : '')
      );
    }
    return () => {
      current = false;
    };
  }, [cron, trans]);
  return words;
}
