import { Schedules } from '../schedules/Schedules';
import { CommandIDs } from '../tokens';
import { EmptyState, ErrorBox } from '../ui';
import { EVERYTHING, isFiltered } from './filter';
import { Filters } from './Filters';
import { usePanel, useSignal } from './hooks';
import { RunList } from './RunList';

/** The section Runs of the sidebar. */
export function RunsPanel(): JSX.Element {
  const { runs, targets, trans, events, focus } = usePanel();
  useSignal(runs.changed);
  useSignal(targets.changed);
  useSignal(focus.changed);
  useSignal(events.connectedChanged);
  const { total, loaded, filter, remarks } = runs.listing;
  if (runs.error && !loaded) {
    return (
      <ErrorBox title={trans.__('The runs could not be read')} error={runs.error}>
        <button className="jp-mod-styled" onClick={() => void runs.refresh()}>
          {trans.__('Try again')}
        </button>
      </ErrorBox>
    );
  }
  const filtered = isFiltered(filter);
  return (
    <div className="jp-lw-Runs">
      {(total > 0 || filtered) && <Filters />}
      {!events.connected && loaded && (
        <div className="jp-lw-Runs-offline" role="status">
          {trans.__('Not connected: what is shown may be old.')}
        </div>
      )}
      {remarks.map(({ target, message }) => (
        <div key={target} className="jp-lw-Runs-remark" role="status">
          <strong>{target}</strong> {withoutName(message, target)}
        </div>
      ))}
      {total > 0 && <RunList />}
      {total === 0 && loaded && filtered && (
        <EmptyState title={trans.__('No run matches')}>
          <button
            className="jp-mod-styled"
            onClick={() => void runs.narrow(EVERYTHING)}
          >
            {trans.__('Show all runs')}
          </button>
        </EmptyState>
      )}
      {total === 0 && loaded && !filtered && (
        <EmptyState title={trans.__('No runs yet')}>
          <p>{trans.__('Run a notebook as a pipeline, and it appears here.')}</p>
        </EmptyState>
      )}
      {targets.schedulers.length > 0 && <Schedules />}
      {focus.selection.ids.length > 1 && <Selected />}
    </div>
  );
}

/** A target's own words begin with its name, which stands before them here. */
function withoutName(message: string, target: string): string {
  return message.startsWith(`${target}: `) ? message.slice(target.length + 2) : message;
}

/** What can be done with several runs at once. */
function Selected(): JSX.Element {
  const { trans, commands, focus } = usePanel();
  const ids = [...focus.selection.ids];
  const button = (command: string, words: string): JSX.Element => (
    <button
      className="jp-mod-styled jp-mod-minimal"
      disabled={!commands.isEnabled(command, { runIds: ids })}
      onClick={() => void commands.execute(command, { runIds: ids })}
    >
      {words}
    </button>
  );
  return (
    <div
      className="jp-lw-Runs-selected"
      role="group"
      aria-label={trans.__('Selected runs')}
    >
      <span>{trans.__('%1 selected', ids.length)}</span>
      {button(CommandIDs.compareRuns, trans.__('Compare'))}
      {button(CommandIDs.deleteRun, trans.__('Delete'))}
    </div>
  );
}
