import type {
  ILabShell,
  ILayoutRestorer,
  JupyterFrontEnd
} from '@jupyterlab/application';
import {
  Dialog,
  InputDialog,
  MainAreaWidget,
  showDialog,
  WidgetTracker
} from '@jupyterlab/apputils';
import type { CodeEditor } from '@jupyterlab/codeeditor';
import type { ITranslator } from '@jupyterlab/translation';

import { runKey } from '../api';
import { runIds } from '../runs/commands';
import type { IRunsPanel } from '../runs/hooks';
import { place } from '../runs/place';
import { siblings } from '../runs/series';
import { PanelWidget } from '../runs/widget';
import { ago } from '../runs/words';
import { CommandIDs } from '../tokens';
import { labwrightIcon, stateLabel } from '../ui';
import { Compare } from './Compare';

const OFFERED = 50;

export interface ICompareOptions {
  app: JupyterFrontEnd;
  panel: IRunsPanel;
  lab: ILabShell | null;
  restorer: ILayoutRestorer | null;
  editorFactory?: CodeEditor.Factory;
  translator: ITranslator;
}

class CompareWidget extends MainAreaWidget<PanelWidget> {
  constructor(
    { panel, editorFactory, translator }: ICompareOptions,
    readonly pair: readonly [string, string]
  ) {
    const [left, right] = pair;
    const props = { left, right, editorFactory, translator };
    super({ content: new PanelWidget(panel, () => <Compare {...props} />) });
    this.id = `labwright-compare-${left}-${right}`;
    this.toolbar.hide();
    this.title.label = panel.trans.__('Compare runs');
    this.title.caption = `${left}\n${right}`;
    this.title.icon = labwrightIcon;
    this.title.closable = true;
  }
}

export function addCompareCommand(options: ICompareOptions): void {
  const { app, panel, lab, restorer } = options;
  const { trans, runs } = panel;
  const views = new WidgetTracker<CompareWidget>({ namespace: 'labwright-compare' });

  app.commands.addCommand(CommandIDs.compareRuns, {
    label: trans.__('Compare Runs…'),
    isEnabled: args => [1, 2].includes(runIds(panel, args).length),
    execute: async args => {
      const [first, chosen] = runIds(panel, args);
      const second = chosen ?? (await pickOther(panel, first));
      if (second === null) {
        return;
      }
      // The older one is what the other is measured against.
      const pair = [first, second] as [string, string];
      const [one, other] = pair.map(id => runs.listing.get(id)?.created_at ?? '');
      if (!args.inOrder && one > other) {
        pair.reverse();
      }
      const [left, right] = pair;
      let view = views.find(open => open.pair[0] === left && open.pair[1] === right);
      if (!view) {
        view = new CompareWidget(options, pair);
        place(app, lab, view);
        await views.add(view);
      } else {
        place(app, lab, view);
      }
    }
  });
  if (restorer) {
    void restorer.restore(views, {
      command: CommandIDs.compareRuns,
      args: view => ({ runIds: [...view.pair], inOrder: true }),
      name: view => view.pair.join(' ')
    });
  }
}

/** Ask which run to compare with; those of the same notebook are offered. */
async function pickOther(panel: IRunsPanel, runId: string): Promise<string | null> {
  const { trans, client, runs } = panel;
  const run = await runs.run(runId);
  const { runs: found } = await client.runs({
    text: run.notebook ?? run.name,
    limit: OFFERED
  });
  const others = siblings(run, found)
    .filter(other => runKey(other) !== runId)
    .reverse();
  if (!others.length) {
    await showDialog({
      title: trans.__('There is no other run to compare with'),
      body: trans.__('Run this notebook once more, then compare.'),
      buttons: [Dialog.okButton()]
    });
    return null;
  }
  const items = others.map(
    other =>
      `${ago(other.created_at)} · ${stateLabel(other.state, trans)} · ${runKey(other)}`
  );
  const { value } = await InputDialog.getItem({
    title: trans.__('Compare with which run?'),
    items,
    okLabel: trans.__('Compare')
  });
  const index = value === null ? -1 : items.indexOf(value);
  return index < 0 ? null : runKey(others[index]);
}
