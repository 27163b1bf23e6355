import { showErrorMessage } from '@jupyterlab/apputils';

import type { RunRequest } from '../api/client';
import { askRun, IRunChoice } from '../dialogs/run';
import { readForm } from '../dialogs/values';
import type { IWorkbench } from '../tokens';
import type { NotebookPipeline } from './model';

/** What was chosen last for each notebook; a new dialog begins with it. */
const LAST = new WeakMap<NotebookPipeline, IRunChoice>();

export type RunPart = Partial<Pick<IRunChoice, 'from' | 'until' | 'cache'>>;

/** Start a run of the notebook as it stands; gives the run's id, null where none began. */
export async function startRun(
  pipeline: NotebookPipeline,
  { client, runs, trans }: IWorkbench,
  part: RunPart,
  ask: boolean
): Promise<string | null> {
  const title = trans.__('The pipeline cannot run');
  try {
    // An unmarked notebook has not been looked at so far; the others may have changed just now.
    const analysis = await pipeline.analyseNow();
    if (analysis.error || !analysis.graph) {
      throw new Error(analysis.error?.message ?? trans.__('There is nothing to run'));
    }
    const { graph } = analysis;
    const errors = graph.diagnostics.filter(one => one.severity === 'error');
    if (errors.length > 0) {
      throw new Error(errors.map(one => one.message).join('\n'));
    }
    const last = LAST.get(pipeline);
    let choice: IRunChoice = {
      texts: pipeline.texts,
      target: last?.target ?? 'local',
      cache: part.cache ?? last?.cache ?? true,
      experiment: last?.experiment ?? experimentOf(pipeline),
      from: part.from ?? null,
      until: part.until ?? null
    };
    const { problems } = readForm(graph.parameters, choice.texts);
    if (ask || Object.keys(problems).length > 0) {
      const steps = graph.steps.map(step => step.name);
      const chosen = await askRun({
        client,
        name: graph.name,
        parameters: graph.parameters,
        steps,
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
    await save(
      pipeline,
      trans.__('Save the notebook first: a run takes it from the disk.')
    );
    const run = await runs.start({
      path: pipeline.path,
      target: choice.target,
      parameters: readForm(graph.parameters, choice.texts)
        .values as RunRequest['parameters'],
      cache: choice.cache,
      experiment: choice.experiment.trim() || null,
      from_step: choice.from,
      until_step: choice.until
    });
    return run.run_id;
  } catch (reason) {
    await showErrorMessage(
      title,
      reason instanceof Error ? reason.message : String(reason)
    );
    return null;
  }
}

/** A run reads the notebook from the disk; JupyterLab says itself why it cannot save. */
async function save({ panel }: NotebookPipeline, refusal: string): Promise<void> {
  const { context } = panel;
  if (context.model.dirty) {
    await context.save();
    if (context.model.dirty) {
      throw new Error(refusal);
    }
  }
}

function experimentOf({ panel }: NotebookPipeline): string {
  const ours = panel.context.model.getMetadata('labwright') as
    { pipeline?: { experiment?: unknown } } | undefined;
  const experiment = ours?.pipeline?.experiment;
  return typeof experiment === 'string' ? experiment : '';
}
