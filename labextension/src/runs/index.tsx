import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, WidgetTracker } from '@jupyterlab/apputils';
import { IEditorServices } from '@jupyterlab/codeeditor';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { CommandToolbarButton, refreshIcon } from '@jupyterlab/ui-components';

import { addCompareCommand } from '../compare';
import { drivePlugin } from '../drive';
import { notifyPlugin, statusPlugin } from '../notify';
import { CommandIDs, ISidebar, IWorkbench } from '../tokens';
import { Section } from '../ui';
import { addRunCommands, runIds } from './commands';
import type { IRunsPanel } from './hooks';
import { place } from './place';
import { RunsPanel } from './RunsPanel';
import { Focus } from './selection';
import { PanelWidget, RunWidget } from './widget';

const RANK = 20;
const ROWS = '.jp-lw-RunRow';

const runsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'labwright:runs',
  description: 'The list of runs, and a view of each.',
  autoStart: true,
  requires: [IWorkbench, ISidebar, IRenderMimeRegistry],
  optional: [
    ILabShell,
    ILayoutRestorer,
    ICommandPalette,
    IDocumentManager,
    IEditorServices,
    ITranslator
  ],
  activate: (
    app: JupyterFrontEnd,
    workbench: IWorkbench,
    sidebar: ISidebar,
    rendermime: IRenderMimeRegistry,
    lab: ILabShell | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    documents: IDocumentManager | null,
    editors: IEditorServices | null,
    translator: ITranslator | null
  ) => {
    const { commands } = app;
    const { client, events, runs, targets, schedules, trans } = workbench;
    const focus = new Focus();
    const panel: IRunsPanel = {
      client,
      events,
      runs,
      targets,
      schedules,
      trans,
      commands,
      focus,
      rendermime
    };
    const section = new Section({
      id: 'labwright-runs',
      label: trans.__('Runs'),
      content: new PanelWidget(panel, () => <RunsPanel />)
    });
    commands.addCommand(CommandIDs.refreshRuns, {
      label: args => (args.toolbar ? '' : trans.__('Refresh Runs')),
      caption: trans.__('Ask every target for its runs and schedules'),
      icon: refreshIcon,
      execute: () => Promise.all([runs.refresh(), targets.refresh()])
    });
    section.toolbar.addItem(
      'refresh',
      new CommandToolbarButton({
        commands,
        id: CommandIDs.refreshRuns,
        args: { toolbar: true }
      })
    );
    sidebar.add(section, RANK);
    const views = new WidgetTracker<RunWidget>({ namespace: 'labwright-run' });
    lab?.currentChanged.connect((_, { newValue }) => {
      focus.view(newValue instanceof RunWidget ? newValue.runId : null);
    });
    views.widgetAdded.connect((_, view) => {
      view.tabChanged.connect(() => void views.save(view));
      view.disposed.connect(() => focus.view(null));
    });

    commands.addCommand(CommandIDs.showRuns, {
      label: trans.__('Show Runs'),
      execute: args => {
        sidebar.reveal(section);
        if (args.schedules) {
          section.node.querySelector('.jp-lw-Schedules')?.setAttribute('open', '');
        }
      }
    });
    commands.addCommand(CommandIDs.openRun, {
      label: trans.__('Open Run'),
      isEnabled: args => runIds(panel, args).length > 0,
      execute: async args => {
        for (const runId of runIds(panel, args)) {
          const tab = typeof args.tab === 'string' ? args.tab : '';
          let view = views.find(open => open.runId === runId);
          if (!view) {
            view = new RunWidget(panel, runId, tab);
            place(app, lab, view);
            await views.add(view);
          } else {
            if (tab) {
              view.reveal(tab);
            }
            place(app, lab, view);
          }
        }
      }
    });
    addRunCommands(app, panel, documents, lab, runId =>
      views.find(view => view.runId === runId)?.dispose()
    );
    addCompareCommand({
      app,
      panel,
      lab,
      restorer,
      editorFactory: editors?.factoryService.newInlineEditor,
      translator: translator ?? nullTranslator
    });
    if (restorer) {
      void restorer.restore(views, {
        command: CommandIDs.openRun,
        args: view => ({ runId: view.runId, tab: view.tab }),
        name: view => view.runId
      });
    }

    const category = trans.__('Labwright');
    const listed = [
      CommandIDs.openRun,
      CommandIDs.cancelRun,
      CommandIDs.retryRun,
      CommandIDs.resumeRun,
      CommandIDs.compareRuns,
      CommandIDs.openNotebook,
      CommandIDs.openSource,
      CommandIDs.openInTarget,
      CommandIDs.archiveRun,
      CommandIDs.deleteRun
    ];
    [CommandIDs.showRuns, CommandIDs.refreshRuns, ...listed].forEach(command =>
      palette?.addItem({ command, category })
    );
    listed.forEach((command, rank) =>
      app.contextMenu.addItem({ command, selector: ROWS, rank })
    );
  }
};

export const runsPlugins: JupyterFrontEndPlugin<unknown>[] = [
  runsPlugin,
  drivePlugin,
  notifyPlugin,
  statusPlugin
];
