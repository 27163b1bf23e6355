import { LOCAL, runKey, type Run } from '../api';
import { offers, pageOf } from '../targets/model';
import { targetLabel } from '../targets/words';
import { CommandIDs } from '../tokens';
import { Duration, StateIcon, stateLabel } from '../ui';
import { isActive } from './filter';
import { usePanel, useSignal } from './hooks';
import { ago, moment, wasInterrupted } from './words';

/** What the run is, how it stands, and what can be done with it. */
export function RunHeader({ run }: { run: Run }): JSX.Element {
  const { trans, commands, targets } = usePanel();
  useSignal(targets.changed);
  const { progress, state } = run;
  const active = isActive(state);
  const args = { runId: runKey(run) };
  const page = pageOf(targets, run);
  const button = (command: string, words: string, look = ''): JSX.Element => (
    <button
      className={`jp-mod-styled ${look}`}
      onClick={() => void commands.execute(command, args)}
    >
      {words}
    </button>
  );
  const resumable =
    (state === 'CANCELED' || wasInterrupted(run)) && offers(targets, run, 'resume');
  return (
    <div className="jp-lw-RunHeader" data-lw-state={state}>
      <div className="jp-lw-RunHeader-line">
        <StateIcon state={state} trans={trans} decorative />
        <h2>{run.name}</h2>
        <span className="jp-lw-RunHeader-state" role="status">
          {stateLabel(state, trans)}
        </span>
        <div className="jp-lw-RunHeader-actions">
          {(state === 'RUNNING' || state === 'PENDING') &&
            button(CommandIDs.cancelRun, trans.__('Cancel'))}
          {resumable &&
            button(CommandIDs.resumeRun, trans.__('Resume'), 'jp-mod-accept')}
          {state === 'FAILED' &&
            !resumable &&
            button(
              CommandIDs.retryRun,
              trans.__('Retry from failed step'),
              'jp-mod-accept'
            )}
          {button(CommandIDs.compareRuns, trans.__('Compare…'))}
          {run.path !== null &&
            button(CommandIDs.openNotebook, trans.__('Open notebook'))}
          {!active &&
            offers(targets, run, 'archive') &&
            button(CommandIDs.archiveRun, trans.__('Archive'))}
          {!active && button(CommandIDs.deleteRun, trans.__('Delete'))}
        </div>
      </div>
      <dl className="jp-lw-RunHeader-facts">
        <Fact name={trans.__('Run')}>
          <code>{run.run_id}</code>
        </Fact>
        <Fact name={trans.__('Created')}>
          <span title={moment(run.created_at)}>{ago(run.created_at)}</span>
        </Fact>
        {run.started_at && (
          <Fact name={trans.__('Duration')}>
            <Duration start={run.started_at} end={active ? null : run.finished_at} />
          </Fact>
        )}
        {progress.total > 0 && (
          <Fact name={trans.__('Steps')}>
            {trans.__('%1 of %2', progress.done, progress.total)}
            {progress.cached > 0 &&
              ` (${trans.__('%1 from the cache', progress.cached)})`}
          </Fact>
        )}
        {run.experiment && (
          <Fact name={trans.__('Experiment')}>
            <span className="jp-lw-Chip">{run.experiment}</span>
          </Fact>
        )}
        <Fact name={trans.__('Target')}>
          {run.target === LOCAL ? (
            targetLabel(run.target, trans)
          ) : (
            <>
              <span className="jp-lw-Chip jp-lw-Target">{run.target}</span>{' '}
              {page !== null && (
                <a
                  className="jp-lw-Link"
                  href={page}
                  target="_blank"
                  rel="noopener noreferrer"
                >
                  {trans.__('Open in its UI')}
                </a>
              )}
            </>
          )}
        </Fact>
      </dl>
      {active && progress.total > 0 && (
        <div
          className="jp-lw-RunHeader-progress"
          role="progressbar"
          aria-label={trans.__('Steps done')}
          aria-valuemin={0}
          aria-valuemax={progress.total}
          aria-valuenow={progress.done}
        >
          <div style={{ width: `${(100 * progress.done) / progress.total}%` }} />
        </div>
      )}
      {state === 'PENDING' && run.reason && (
        <p className="jp-lw-RunHeader-reason">{run.reason}</p>
      )}
      {run.error && state !== 'PENDING' && (
        <p className="jp-lw-RunHeader-error" role="alert">
          {run.error}
        </p>
      )}
    </div>
  );
}

function Fact({
  name,
  children
}: {
  name: string;
  children: React.ReactNode;
}): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
