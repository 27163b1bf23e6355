import { Notification, showErrorMessage } from '@jupyterlab/apputils';

import {
  LOCAL,
  runKey,
  type Diagnostic,
  type Graph,
  type RunRequest
} from '../api/client';
import { askRun, type IRunChoice } from '../dialogs/run';
import { askSchedule, type IScheduleChoice } from '../dialogs/schedule';
import { readForm } from '../dialogs/values';
import { momentOf, secondsOf } from '../schedules/words';
import type { IWorkbench } from '../tokens';
import type { NotebookPipeline } from './model';

/** What was chosen last for each notebook; a new dialog begins with it. */
const LAST = new WeakMap<NotebookPipeline, IRunChoice>();

export type RunPart = Partial<Pick<IRunChoice, 'from' | 'until' | 'cache'>>;

/** Start a run of the notebook as it stands; gives the run's key, null where none began. */
export async function startRun(
  pipeline: NotebookPipeline,
  workbench: IWorkbench,
  part: RunPart,
  ask: boolean
): Promise<string | null> {
  const { client, runs, targets, trans } = workbench;
  return attempt(trans.__('The pipeline cannot run'), async () => {
    const graph = await runnable(pipeline, workbench);
    const last = LAST.get(pipeline);
    let choice: IRunChoice = {
      texts: pipeline.texts,
      // Nobody is to find out afterwards that a quick run went to a cluster.
      target: (ask && last?.target) || LOCAL,
      name: last?.name ?? '',
      cache: part.cache ?? last?.cache ?? true,
      experiment: last?.experiment ?? experimentOf(pipeline),
      from: part.from ?? null,
      until: part.until ?? null
    };
    const { problems } = readForm(graph.parameters, choice.texts);
    if (ask || Object.keys(problems).length > 0) {
      void targets.refresh();
      const chosen = await askRun({
        client,
        targets,
        name: graph.name,
        parameters: graph.parameters,
        steps: graph.steps.map(step => step.name),
        choice,
        trans
      });
      if (!chosen) {
        return null;
      }
      choice = chosen;
      pipeline.texts = chosen.texts;
      LAST.set(pipeline, chosen);
    }
    await save(pipeline, workbench);
    const run = await runs.start({
      ...submission(pipeline, graph, choice),
      from_step: choice.from,
      until_step: choice.until
    });
    if (run.target !== LOCAL) {
      tell(run.remarks, trans.__('%1 runs on %2', run.name, run.target));
    }
    return runKey(run);
  });
}

/** Have the notebook as it stands run by itself; gives whether there is a schedule now. */
export async function makeSchedule(
  pipeline: NotebookPipeline,
  workbench: IWorkbench
): Promise<boolean> {
  const { client, schedules, targets, trans } = workbench;
  const made = await attempt(trans.__('The pipeline cannot be scheduled'), async () => {
    const graph = await runnable(pipeline, workbench);
    const last = LAST.get(pipeline);
    const { schedulers } = targets;
    const before = schedulers.find(({ name }) => name === last?.target);
    const first = before ?? schedulers.find(one => one.available) ?? schedulers[0];
    void targets.refresh();
    const chosen = await askSchedule({
      client,
      targets,
      name: graph.name,
      parameters: graph.parameters,
      choice: {
        ...NIGHTLY,
        texts: pipeline.texts,
        target: first.name,
        experiment: last?.experiment ?? experimentOf(pipeline)
      },
      trans
    });
    if (!chosen) {
      return null;
    }
    await save(pipeline, workbench);
    const byCron = chosen.by === 'cron';
    const schedule = await schedules.make({
      ...submission(pipeline, graph, chosen),
      cron: byCron ? chosen.cron.trim() : null,
      every: byCron ? null : secondsOf(chosen.count, chosen.unit),
      start: momentOf(chosen.start),
      end: momentOf(chosen.end),
      at_once: chosen.atOnce,
      catch_up: chosen.catchUp
    });
    const words = trans.__('%1 is scheduled on %2', schedule.name, schedule.target);
    Notification.success(words, { autoClose: 5000 });
    tell(schedule.remarks, words);
    return schedule;
  });
  return made !== null;
}

const NIGHTLY: Omit<IScheduleChoice, 'texts' | 'target' | 'experiment'> = {
  name: '',
  cache: true,
  by: 'cron',
  cron: '0 3 * * *',
  count: '1',
  unit: 'hours',
  start: '',
  end: '',
  catchUp: false,
  atOnce: 1
};

/** Do it; where that fails say why, and give null. */
async function attempt<T>(title: string, act: () => Promise<T>): Promise<T | null> {
  try {
    return await act();
  } catch (reason) {
    await showErrorMessage(
      title,
      reason instanceof Error ? reason.message : String(reason)
    );
    return null;
  }
}

/** The graph of the notebook as it stands, which can be run. */
async function runnable(
  pipeline: NotebookPipeline,
  { trans }: IWorkbench
): Promise<Graph> {
  // An unmarked notebook has not been looked at so far; the others may have changed just now.
  const analysis = await pipeline.analyseNow();
  if (analysis.error || !analysis.graph) {
    throw new Error(analysis.error?.message ?? trans.__('There is nothing to run'));
  }
  const errors = analysis.graph.diagnostics.filter(one => one.severity === 'error');
  if (errors.length > 0) {
    throw new Error(errors.map(one => one.message).join('\n'));
  }
  return analysis.graph;
}

/** What a run and a schedule have in common. */
function submission(
  { path }: NotebookPipeline,
  { parameters }: Graph,
  choice: IRunChoice | IScheduleChoice
): RunRequest & { target: string } {
  const name = choice.target === LOCAL ? '' : choice.name.trim();
  return {
    path,
    target: choice.target,
    name: name || null,
    parameters: readForm(parameters, choice.texts).values as RunRequest['parameters'],
    cache: choice.cache,
    experiment: choice.experiment.trim() || null
  };
}

/** Remarks of a target on what it was given. */
function tell(remarks: readonly Diagnostic[], title: string): void {
  if (remarks.length > 0) {
    const words = remarks.map(one => one.message).join('\n');
    Notification.warning(`${title}:\n${words}`, { autoClose: false });
  }
}

/** A run reads the notebook from the disk; JupyterLab says itself why it cannot save. */
async function save({ panel }: NotebookPipeline, { trans }: IWorkbench): Promise<void> {
  const { context } = panel;
  if (context.model.dirty) {
    await context.save();
    if (context.model.dirty) {
      throw new Error(
        trans.__('Save the notebook first: a run takes it from the disk.')
      );
    }
  }
}

function experimentOf({ panel }: NotebookPipeline): string {
  const ours = panel.context.model.getMetadata('labwright') as
    { pipeline?: { experiment?: unknown } } | undefined;
  const experiment = ours?.pipeline?.experiment;
  return typeof experiment === 'string' ? experiment : '';
}
