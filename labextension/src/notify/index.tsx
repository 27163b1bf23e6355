import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ReactWidget } from '@jupyterlab/ui-components';

import { runKey, type RunSummary } from '../api';
import { useSignal } from '../runs/hooks';
import { CommandIDs, IWorkbench } from '../tokens';
import { StateIcon } from '../ui';
import { messageOf } from './words';

const SETTINGS = 'labwright:notifications';
const SUCCESS_MS = 8000;

/** Says when a run ends, with a way to it. */
export const notifyPlugin: JupyterFrontEndPlugin<void> = {
  id: SETTINGS,
  description: 'Notifications of runs that end.',
  autoStart: true,
  requires: [IWorkbench],
  optional: [ISettingRegistry],
  activate: async (
    app: JupyterFrontEnd,
    { runs, trans }: IWorkbench,
    registry: ISettingRegistry | null
  ) => {
    let wanted = 'all';
    runs.ended.connect((_, run) => {
      const message = messageOf(run, trans);
      if (!message || wanted === 'none' || (wanted === 'failures' && !message.failed)) {
        return;
      }
      const open = {
        label: trans.__('Open'),
        callback: () =>
          void app.commands.execute(CommandIDs.openRun, { runId: runKey(run) })
      };
      Notification.emit(message.text, message.failed ? 'error' : 'success', {
        // What failed stays until somebody has seen it.
        autoClose: message.failed ? false : SUCCESS_MS,
        actions: [open]
      });
    });
    try {
      const settings = await registry?.load(SETTINGS);
      const read = (): void => {
        wanted = String(settings?.get('notify').composite ?? 'all');
      };
      settings?.changed.connect(read);
      read();
    } catch (error) {
      console.warn(
        'Labwright: the settings of notifications could not be read.',
        error
      );
    }
  }
};

/** How many runs are active, in the status bar; a click shows the runs. */
export const statusPlugin: JupyterFrontEndPlugin<void> = {
  id: 'labwright:status',
  description: 'Active runs in the status bar.',
  autoStart: true,
  requires: [IWorkbench],
  optional: [IStatusBar],
  activate: (app: JupyterFrontEnd, workbench: IWorkbench, bar: IStatusBar | null) => {
    if (!bar) {
      return;
    }
    const { runs } = workbench;
    const show = (): void => void app.commands.execute(CommandIDs.showRuns);
    bar.registerStatusItem('labwright:status', {
      item: ReactWidget.create(<ActiveRuns workbench={workbench} onClick={show} />),
      align: 'left',
      rank: 50,
      isActive: () => runs.active.length > 0,
      activeStateChanged:
        runs.changed as unknown as IStatusBar.IItem['activeStateChanged']
    });
  }
};

interface IActiveRunsProps {
  workbench: IWorkbench;
  onClick: () => void;
}

function ActiveRuns({ workbench, onClick }: IActiveRunsProps): JSX.Element {
  const { runs, trans } = workbench;
  useSignal(runs.changed);
  const waiting = runs.active.filter(
    (run: RunSummary) => run.state === 'PENDING'
  ).length;
  const running = runs.active.length - waiting;
  const words = [
    running ? trans._n('%1 run active', '%1 runs active', running) : '',
    waiting ? trans._n('%1 waits', '%1 wait', waiting) : ''
  ]
    .filter(Boolean)
    .join(', ');
  return (
    <button
      className="jp-lw-Status"
      title={runs.active.map(run => `${run.name} · ${runKey(run)}`).join('\n')}
      onClick={onClick}
    >
      <StateIcon state={running ? 'RUNNING' : 'PENDING'} trans={trans} decorative />
      <span>{words}</span>
    </button>
  );
}
