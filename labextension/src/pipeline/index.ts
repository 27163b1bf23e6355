import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';

import { type ChipChoice, decorateAll } from '../cells/decorate';
import { inspectorPlugin } from '../inspector';
import { CommandIDs, ISidebar, IWorkbench } from '../tokens';
import { labwrightIcon } from '../ui';
import { openChipMenu } from './chipMenu';
import { addCommands } from './commands';
import { newPipeline } from './newPipeline';
import type { NotebookPipeline } from './model';
import { pipelineSection } from './section';
import { noticeStrays } from './strayNotice';
import { IPipelines } from './token';
import { Pipelines } from './tracker';

const ID = 'labwright:plugin';
const RANK = 10;
const PALETTE: readonly string[] = [
  CommandIDs.run,
  CommandIDs.runWith,
  CommandIDs.runFromHere,
  CommandIDs.runUpToHere,
  CommandIDs.runStale,
  CommandIDs.schedule,
  CommandIDs.markStep,
  CommandIDs.mergeStep,
  CommandIDs.skipCell,
  CommandIDs.renameStep,
  CommandIDs.suggestSteps,
  CommandIDs.clearMarks,
  CommandIDs.showPipeline,
  CommandIDs.showInspector,
  CommandIDs.newPipeline
];

const mainPlugin: JupyterFrontEndPlugin<IPipelines> = {
  id: ID,
  description: 'Notebook cells as pipeline steps: marks, live graph, runs.',
  autoStart: true,
  provides: IPipelines,
  requires: [INotebookTracker, IWorkbench, ISidebar],
  optional: [ISettingRegistry, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker,
    workbench: IWorkbench,
    sidebar: ISidebar,
    registry: ISettingRegistry | null,
    palette: ICommandPalette | null
  ): IPipelines => {
    const { commands } = app;
    const { trans } = workbench;
    const pipelines = new Pipelines(notebooks, workbench);
    let opensRuns = true;

    addCommands({ app, pipelines, workbench, opensRuns: () => opensRuns });
    const section = pipelineSection(pipelines, workbench, commands);
    sidebar.add(section, RANK);
    commands.addCommand(CommandIDs.showPipeline, {
      label: trans.__('Show Pipeline'),
      caption: trans.__('The pipeline of the notebook in front'),
      icon: labwrightIcon,
      execute: () => sidebar.reveal(section)
    });
    // Only these stand in toolbars; menus ask when they open.
    const shown = [CommandIDs.markStep, CommandIDs.runWith];
    pipelines.changed.connect(() =>
      shown.forEach(id => commands.notifyCommandChanged(id))
    );
    const watch = (pipeline: NotebookPipeline): void => {
      pipeline.strayed.connect((_, found) => noticeStrays(pipeline, found, trans));
    };
    pipelines.forEach(watch);
    pipelines.added.connect((_, pipeline) => watch(pipeline));

    const decorations = decorateAll(pipelines, trans, {
      edit: (panel, index) => {
        const pipeline = pipelines.of(panel);
        if (pipeline && index >= 0) {
          activate(app, panel, index);
          const chip =
            panel.content.widgets[index].node.querySelector('.jp-lw-CellChip-name');
          // The notebook takes the focus first, which would close the menu's keys out.
          window.setTimeout(() => openChipMenu(pipeline, commands, trans, chip));
        }
      },
      remarks: (panel, step) => {
        const pipeline = pipelines.of(panel);
        if (pipeline) {
          pipeline.selected = step;
          void commands.execute(
            step === null ? CommandIDs.showPipeline : CommandIDs.showInspector
          );
        }
      }
    });

    void registry?.load(ID).then(settings => {
      const read = (): void => {
        decorations.choice = settings.get('chips').composite as ChipChoice;
        opensRuns = settings.get('openRuns').composite as boolean;
      };
      settings.changed.connect(read);
      read();
    });
    PALETTE.forEach(command =>
      palette?.addItem({ command, category: trans.__('Pipeline') })
    );
    return pipelines;
  }
};

function activate(app: JupyterFrontEnd, panel: NotebookPanel, index: number): void {
  if (app.shell.currentWidget !== panel) {
    app.shell.activateById(panel.id);
  }
  if (!panel.content.isSelected(panel.content.widgets[index])) {
    panel.content.deselectAll();
  }
  panel.content.activeCellIndex = index;
}

const launcherPlugin: JupyterFrontEndPlugin<void> = {
  id: 'labwright:new',
  description: 'A new notebook with parameters and two steps.',
  autoStart: true,
  requires: [IWorkbench],
  optional: [ILauncher, IDefaultFileBrowser],
  activate: (
    app: JupyterFrontEnd,
    { trans }: IWorkbench,
    launcher: ILauncher | null,
    browser: IDefaultFileBrowser | null
  ) => {
    app.commands.addCommand(CommandIDs.newPipeline, {
      label: args =>
        args.isLauncher ? trans.__('Pipeline') : trans.__('New Pipeline Notebook'),
      caption: trans.__('A notebook with parameters and two steps to begin with'),
      icon: labwrightIcon,
      execute: args =>
        newPipeline(app, String(args.cwd ?? browser?.model.path ?? ''), trans)
    });
    launcher?.add({
      command: CommandIDs.newPipeline,
      category: trans.__('Notebook'),
      args: { isLauncher: true },
      // In this category JupyterLab draws pictures, not icons.
      kernelIconUrl: `data:image/svg+xml,${encodeURIComponent(labwrightIcon.svgstr)}`,
      rank: 50
    });
  }
};

export const pipelinePlugins: JupyterFrontEndPlugin<unknown>[] = [
  mainPlugin,
  launcherPlugin,
  inspectorPlugin
] as JupyterFrontEndPlugin<unknown>[];
