import type { TranslationBundle } from '@jupyterlab/translation';
import { MenuSvg } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import { CommandIDs } from '../tokens';
import type { NotebookPipeline } from './model';

/** The menu of a cell's chip: the cell is the active one, so the commands are about it. */
export function openChipMenu(
  pipeline: NotebookPipeline,
  commands: CommandRegistry,
  trans: TranslationBundle,
  anchor: Element | null
): void {
  const menu = new MenuSvg({ commands });
  menu.addItem({ command: CommandIDs.markStep });
  menu.addItem({ command: CommandIDs.renameStep });
  menu.addItem({ command: CommandIDs.mergeStep });
  if (pipeline.steps.length > 1) {
    const move = new MenuSvg({ commands });
    move.title.label = trans.__('Move to Step');
    pipeline.steps.forEach(step =>
      move.addItem({ command: CommandIDs.moveToStep, args: { step, short: true } })
    );
    menu.addItem({ type: 'submenu', submenu: move });
  }
  menu.addItem({ type: 'separator' });
  for (const role of ['imports', 'functions', 'parameters', 'metrics']) {
    menu.addItem({ command: CommandIDs.markRole, args: { role } });
  }
  menu.addItem({ command: CommandIDs.skipCell });
  menu.addItem({ type: 'separator' });
  menu.addItem({ command: CommandIDs.runFromHere });
  menu.addItem({ command: CommandIDs.runUpToHere });
  menu.addItem({ command: CommandIDs.showInspector });
  menu.aboutToClose.connect(() => window.setTimeout(() => menu.dispose()));
  const box = anchor?.getBoundingClientRect();
  menu.open(box?.left ?? 0, box?.bottom ?? 0);
}
