import type { ILabShell, JupyterFrontEnd } from '@jupyterlab/application';
import {
  Dialog,
  IFrame,
  MainAreaWidget,
  showDialog,
  showErrorMessage
} from '@jupyterlab/apputils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { runKey, type Capabilities, type RunSummary } from '../api';
import { DRIVE, READER, sourcePath, stepPath } from '../drive';
import { offers, pageOf } from '../targets/model';
import { CommandIDs } from '../tokens';
import { labwrightIcon } from '../ui';
import { isActive } from './filter';
import type { IRunsPanel } from './hooks';
import { place } from './place';

/** Keys of runs: `runId` or `runIds` in the arguments; else of those that the focus is on. */
export function runIds(panel: IRunsPanel, args: ReadonlyPartialJSONObject): string[] {
  if (Array.isArray(args.runIds)) {
    return args.runIds.map(String);
  }
  return typeof args.runId === 'string' ? [args.runId] : [...panel.focus.ids];
}

/** What can be done with a run, wherever it is asked for. */
export function addRunCommands(
  app: JupyterFrontEnd,
  panel: IRunsPanel,
  documents: IDocumentManager | null,
  lab: ILabShell | null,
  close: (runId: string) => void
): void {
  const reader = lab ? READER : 'Notebook';
  const { commands } = app;
  const { runs, targets, trans, client, focus } = panel;
  const chosen = (args: ReadonlyPartialJSONObject): RunSummary[] =>
    runIds(panel, args).flatMap(
      id => runs.listing.get(id) ?? runs.follow(id).run ?? []
    );
  const every = (
    args: ReadonlyPartialJSONObject,
    fits: (run: RunSummary) => boolean
  ): boolean => {
    const found = chosen(args);
    return found.length > 0 && found.every(fits);
  };
  const one = (args: ReadonlyPartialJSONObject): RunSummary | undefined => {
    const found = chosen(args);
    return found.length === 1 ? found[0] : undefined;
  };
  const can = (run: RunSummary, what: keyof Capabilities): boolean =>
    offers(targets, run, what);
  /** Do it, or say why not. */
  const attempt = async (title: string, act: () => Promise<unknown>): Promise<void> => {
    try {
      await act();
    } catch (error) {
      await showErrorMessage(title, error as Error);
    }
  };
  const again = (
    id: string,
    label: string,
    failed: string,
    fits: (run: RunSummary) => boolean,
    act: (runId: string) => Promise<RunSummary>
  ): void => {
    commands.addCommand(id, {
      label,
      isEnabled: args => every(args, fits),
      isVisible: args => every(args, fits),
      execute: args =>
        attempt(failed, async () => {
          for (const run of chosen(args)) {
            const runId = runKey(await act(runKey(run)));
            if (runId !== runKey(run)) {
              await commands.execute(CommandIDs.openRun, { runId });
            }
          }
        })
    });
  };

  again(
    CommandIDs.cancelRun,
    trans.__('Cancel Run'),
    trans.__('The run could not be cancelled'),
    run => run.state === 'PENDING' || run.state === 'RUNNING',
    runId => runs.cancel(runId)
  );
  again(
    CommandIDs.retryRun,
    trans.__('Retry from Failed Step'),
    trans.__('The run could not be retried'),
    run => run.state === 'FAILED',
    runId => runs.retry(runId)
  );
  again(
    CommandIDs.resumeRun,
    trans.__('Resume Run'),
    trans.__('The run could not be resumed'),
    run => (run.state === 'CANCELED' || run.state === 'FAILED') && can(run, 'resume'),
    runId => runs.resume(runId)
  );

  commands.addCommand(CommandIDs.deleteRun, {
    label: trans.__('Delete Run…'),
    isEnabled: args => every(args, run => !isActive(run.state)),
    execute: async args => {
      const doomed = chosen(args);
      const { button } = await showDialog({
        title:
          doomed.length === 1
            ? trans.__('Delete the run of %1?', doomed[0].name)
            : trans._n('Delete %1 run?', 'Delete %1 runs?', doomed.length),
        body: trans.__(
          'Its logs, executed notebooks and records are removed. This cannot be undone.'
        ),
        buttons: [
          Dialog.cancelButton(),
          Dialog.warnButton({ label: trans.__('Delete') })
        ],
        defaultButton: 0
      });
      if (button.accept) {
        await attempt(trans.__('The run could not be deleted'), async () => {
          for (const runId of doomed.map(runKey)) {
            await runs.remove(runId);
            focus.drop(runId);
            close(runId);
          }
        });
      }
    }
  });
  const archivable = (args: ReadonlyPartialJSONObject): boolean =>
    every(args, run => !isActive(run.state) && can(run, 'archive'));
  commands.addCommand(CommandIDs.archiveRun, {
    label: trans.__('Archive Run'),
    caption: trans.__('Take the run out of the list; all of it is kept'),
    isEnabled: archivable,
    isVisible: archivable,
    execute: args =>
      attempt(trans.__('The run could not be archived'), async () => {
        for (const runId of chosen(args).map(runKey)) {
          await runs.archive(runId);
          focus.drop(runId);
          close(runId);
        }
      })
  });
  const pageOfOne = (args: ReadonlyPartialJSONObject): string | null => {
    const run = one(args);
    return run ? pageOf(targets, run) : null;
  };
  commands.addCommand(CommandIDs.openInTarget, {
    label: trans.__('Open in the Target’s Own UI'),
    isEnabled: args => pageOfOne(args) !== null,
    isVisible: args => pageOfOne(args) !== null,
    execute: args => {
      const url = pageOfOne(args);
      return url && window.open(url, '_blank', 'noopener');
    }
  });

  const hasSource = (args: ReadonlyPartialJSONObject): boolean => {
    const run = one(args);
    return run?.notebook != null && can(run, 'sources');
  };

  commands.addCommand(CommandIDs.openExecuted, {
    label: trans.__('Open Executed Notebook'),
    isEnabled: args => documents !== null && typeof args.step === 'string',
    execute: args => {
      const path = stepPath(
        String(args.runId),
        String(args.step),
        args.iteration as string | number | null
      );
      return documents?.openOrReveal(`${DRIVE}:${path}`, reader);
    }
  });
  commands.addCommand(CommandIDs.openPage, {
    label: trans.__('Open Executed Notebook as a Page'),
    isEnabled: args => typeof args.step === 'string',
    execute: args => {
      const iteration = args.iteration as string | number | null;
      const step = String(args.step);
      const url = client.pageUrl(String(args.runId), step, iteration);
      place(app, lab, page(step, url));
    }
  });
  commands.addCommand(CommandIDs.openSource, {
    label: trans.__('Open Notebook as It Was Run'),
    isEnabled: args => documents !== null && hasSource(args),
    execute: args => {
      const run = one(args);
      return (
        run && documents?.openOrReveal(`${DRIVE}:${sourcePath(runKey(run))}`, reader)
      );
    }
  });
  commands.addCommand(CommandIDs.openNotebook, {
    label: trans.__('Open Notebook'),
    isEnabled: args => documents !== null && one(args)?.path != null,
    execute: args => {
      const path = one(args)?.path;
      return path == null ? undefined : documents?.openOrReveal(path);
    }
  });

  const refresh = (): void =>
    [
      CommandIDs.cancelRun,
      CommandIDs.retryRun,
      CommandIDs.resumeRun,
      CommandIDs.archiveRun,
      CommandIDs.deleteRun,
      CommandIDs.openInTarget,
      CommandIDs.compareRuns,
      CommandIDs.openSource,
      CommandIDs.openNotebook
    ].forEach(id => commands.notifyCommandChanged(id));
  focus.changed.connect(refresh);
  runs.changed.connect(refresh);
  targets.changed.connect(refresh);
}

/** A page of the server in a frame that may do nothing but show it. */
function page(title: string, url: string): MainAreaWidget<IFrame> {
  const content = new IFrame({ sandbox: ['allow-scripts'] });
  content.url = url;
  content.node.querySelector('iframe')?.setAttribute('title', title);
  const widget = new MainAreaWidget({ content });
  widget.id = `labwright-page-${url}`;
  widget.title.label = title;
  widget.title.icon = labwrightIcon;
  widget.title.closable = true;
  widget.toolbar.hide();
  return widget;
}
