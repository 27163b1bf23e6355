import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { JupyterFrontEnd } from '@jupyterlab/application';
import {
  addIcon,
  deleteIcon,
  editIcon,
  fastForwardIcon,
  runIcon
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { CellRole } from '../cells/edits';
import { CommandIDs, IWorkbench } from '../tokens';
import { labwrightIcon } from '../ui';
import { Editing, selection } from './edit';
import type { NotebookPipeline } from './model';
import { makeSchedule, RunPart, startRun } from './start';
import type { Pipelines } from './tracker';

const ROLES: readonly CellRole[] = ['imports', 'functions', 'parameters', 'metrics'];

export interface ICommandOptions {
  readonly app: JupyterFrontEnd;
  readonly pipelines: Pipelines;
  readonly workbench: IWorkbench;
  /** Whether a run that was started is opened. */
  readonly opensRuns: () => boolean;
}

type Args = ReadonlyPartialJSONObject;

/** The commands on the pipeline of the notebook in front. */
export function addCommands({
  app,
  pipelines,
  workbench,
  opensRuns
}: ICommandOptions): void {
  const { commands } = app;
  const { trans } = workbench;
  const editing = new Editing(workbench);

  const add = (
    id: string,
    options: Omit<CommandRegistry.ICommandOptions, 'execute' | 'isEnabled'>,
    execute: (pipeline: NotebookPipeline, args: Args) => unknown,
    isEnabled: (pipeline: NotebookPipeline, args: Args) => boolean = () => true
  ): void => {
    commands.addCommand(id, {
      ...options,
      isEnabled: args =>
        pipelines.current !== null && isEnabled(pipelines.current, args),
      execute: args =>
        pipelines.current ? execute(pipelines.current, args) : undefined
    });
  };
  /** The cell that a command is about: the one in front of the person. */
  const active = ({ panel }: NotebookPipeline): number => panel.content.activeCellIndex;
  const chosen = ({ panel }: NotebookPipeline): number[] => selection(panel);
  const stepOf = (pipeline: NotebookPipeline, args: Args): string | null =>
    typeof args.step === 'string'
      ? args.step
      : (pipeline.marks[active(pipeline)]?.step ?? null);
  const named = (pipeline: NotebookPipeline, args: Args): boolean =>
    pipeline.marked && stepOf(pipeline, args) !== null;

  const run = async (
    pipeline: NotebookPipeline,
    part: RunPart,
    ask: boolean
  ): Promise<string | null> => {
    const id = await startRun(pipeline, workbench, part, ask);
    if (id !== null && opensRuns() && commands.hasCommand(CommandIDs.openRun)) {
      await commands.execute(CommandIDs.openRun, { runId: id });
    }
    return id;
  };

  add(
    CommandIDs.run,
    {
      label: trans.__('Run Pipeline'),
      caption: trans.__(
        'Run the notebook as a pipeline; steps that have not changed are not run'
      ),
      icon: args => (args.toolbar ? labwrightIcon : runIcon)
    },
    pipeline => run(pipeline, {}, false)
  );
  add(
    CommandIDs.runWith,
    {
      label: args => (args.toolbar ? '' : trans.__('Run Pipeline With…')),
      caption: trans.__(
        'Choose parameters, target and experiment, then run the pipeline'
      ),
      icon: args => (args.toolbar ? labwrightIcon : undefined)
    },
    pipeline => run(pipeline, {}, true)
  );
  add(
    CommandIDs.runFromHere,
    {
      label: trans.__('Run From This Step'),
      caption: trans.__('Run this step and all after it anew'),
      icon: fastForwardIcon
    },
    (pipeline, args) => run(pipeline, { from: stepOf(pipeline, args) }, false),
    named
  );
  add(
    CommandIDs.runUpToHere,
    {
      label: trans.__('Run Up To This Step'),
      caption: trans.__('Run this step and what it needs, no more')
    },
    (pipeline, args) => run(pipeline, { until: stepOf(pipeline, args) }, false),
    named
  );
  add(
    CommandIDs.runStale,
    {
      label: trans.__('Run What Has Changed'),
      caption: trans.__('Run the steps that an edit or a parameter made out of date')
    },
    pipeline => run(pipeline, { cache: true }, false),
    ({ preview, marked }) =>
      marked && preview?.some(step => step.state !== 'cached') !== false
  );
  const scheduled = (): boolean => workbench.targets.schedulers.length > 0;
  add(
    CommandIDs.schedule,
    {
      label: trans.__('Schedule…'),
      caption: trans.__('Have the pipeline run by itself, on a target that offers it'),
      isVisible: scheduled
    },
    async pipeline => {
      if (await makeSchedule(pipeline, workbench)) {
        await commands.execute(CommandIDs.showRuns, { schedules: true });
      }
    },
    scheduled
  );
  add(
    CommandIDs.markStep,
    {
      label: args => (args.toolbar ? '' : trans.__('Step…')),
      caption: trans.__('Name the step that this cell begins'),
      icon: args => (args.toolbar ? labwrightIcon : addIcon)
    },
    pipeline => editing.nameStep(pipeline, chosen(pipeline)),
    pipeline => chosen(pipeline).length > 0
  );
  add(
    CommandIDs.moveToStep,
    {
      label: args =>
        args.short
          ? String(args.step)
          : trans.__('Move to Step %1', String(args.step ?? '')),
      isToggled: args =>
        pipelines.current !== null &&
        pipelines.current.marks[active(pipelines.current)]?.step === args.step
    },
    (pipeline, args) => editing.move(pipeline, chosen(pipeline), String(args.step)),
    (pipeline, args) =>
      pipeline.steps.includes(String(args.step)) && chosen(pipeline).length > 0
  );
  add(
    CommandIDs.mergeStep,
    {
      label: trans.__('Merge With Step Above'),
      caption: trans.__('Make the step that this cell begins a part of the one above')
    },
    pipeline => editing.merge(pipeline, active(pipeline)),
    pipeline => pipeline.marked && editing.canMerge(pipeline, active(pipeline))
  );
  add(
    CommandIDs.skipCell,
    {
      label: trans.__('Skip in Pipeline'),
      caption: trans.__('Leave the cell out of the pipeline, or take it in again'),
      isToggled: () =>
        pipelines.current !== null &&
        editing.hasRole(pipelines.current, active(pipelines.current), 'skip')
    },
    pipeline => editing.toggleRole(pipeline, chosen(pipeline), 'skip'),
    pipeline => chosen(pipeline).length > 0
  );
  const roleLabels: Record<string, string> = {
    imports: trans.__('Imports'),
    functions: trans.__('Functions'),
    parameters: trans.__('Parameters'),
    metrics: trans.__('Metrics')
  };
  const roleOf = (args: Args): CellRole | undefined =>
    ROLES.find(role => role === args.role);
  add(
    CommandIDs.markRole,
    {
      label: args => roleLabels[String(args.role)] ?? trans.__('Role of the Cell'),
      isToggled: args => {
        const { current } = pipelines;
        const role = roleOf(args);
        return (
          current !== null && !!role && editing.hasRole(current, active(current), role)
        );
      }
    },
    (pipeline, args) => {
      const role = roleOf(args);
      return role && editing.toggleRole(pipeline, chosen(pipeline), role);
    },
    (pipeline, args) => roleOf(args) !== undefined && chosen(pipeline).length > 0
  );
  add(
    CommandIDs.renameStep,
    { label: trans.__('Rename Step…'), icon: editIcon },
    (pipeline, args) => {
      const step = stepOf(pipeline, args);
      return step === null ? undefined : editing.rename(pipeline, step);
    },
    named
  );
  add(
    CommandIDs.suggestSteps,
    {
      label: trans.__('Suggest Steps…'),
      caption: trans.__('Divide the notebook into steps by its headings')
    },
    pipeline => editing.suggest(pipeline)
  );
  add(
    CommandIDs.clearMarks,
    {
      label: trans.__('Remove All Steps…'),
      caption: trans.__('Take every tag and setting of the pipeline off the cells'),
      icon: deleteIcon
    },
    async pipeline => {
      const { button } = await showDialog({
        title: trans.__('Remove all steps?'),
        body: trans.__(
          'Tags and settings of every cell go; one undo brings them back.'
        ),
        buttons: [
          Dialog.cancelButton(),
          Dialog.warnButton({ label: trans.__('Remove') })
        ]
      });
      if (button.accept) {
        await editing.clear(pipeline);
      }
    },
    pipeline => pipeline.marked
  );
  add(CommandIDs.goToStep, { label: trans.__('Go to Step') }, (pipeline, args) => {
    const { panel, marks } = pipeline;
    const step = stepOf(pipeline, args);
    const index =
      typeof args.cell === 'number'
        ? args.cell
        : marks.findIndex(mark => mark.step === step);
    if (index < 0 || index >= panel.content.widgets.length) {
      return;
    }
    if (typeof args.cell === 'number' || marks[active(pipeline)]?.step !== step) {
      panel.content.deselectAll();
      panel.content.activeCellIndex = index;
    }
    return panel.content.scrollToItem(index, 'smart');
  });
}
