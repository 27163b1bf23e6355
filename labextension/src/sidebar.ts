import {
  ILabShell,
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { SidePanel } from '@jupyterlab/ui-components';
import { ArrayExt } from '@lumino/algorithm';
import { DisposableDelegate, IDisposable } from '@lumino/disposable';
import { AccordionPanel, Widget } from '@lumino/widgets';

import { ISidebar } from './tokens';
import { labwrightIcon } from './ui/icons';

const ID = 'labwright';
const RANK = 350;

class Sidebar implements ISidebar {
  constructor(
    private readonly _app: JupyterFrontEnd,
    private readonly _panel: SidePanel
  ) {}

  add(section: Widget, rank: number): IDisposable {
    const index = ArrayExt.upperBound(this._ranks, rank, (left, right) => left - right);
    this._ranks.splice(index, 0, rank);
    this._panel.insertWidget(index, section);
    if (this._panel.content instanceof AccordionPanel) {
      // A graph needs more room than a list.
      this._panel.content.setRelativeSizes(this._ranks.map((_, at) => (at ? 1 : 2)));
    }
    if (!this._panel.isAttached) {
      // A panel without a section would be an empty one.
      this._app.shell.add(this._panel, 'left', { rank: RANK, type: 'Labwright' });
    }
    return new DisposableDelegate(() => {
      this._ranks.splice(this._panel.widgets.indexOf(section), 1);
      section.parent = null;
    });
  }

  reveal(section: Widget): void {
    this._app.shell.activateById(ID);
    const index = this._panel.widgets.indexOf(section);
    if (this._panel.content instanceof AccordionPanel && index >= 0) {
      this._panel.content.expand(index);
    }
    section.activate();
  }

  private readonly _ranks: number[] = [];
}

export const sidebarPlugin: JupyterFrontEndPlugin<ISidebar> = {
  id: 'labwright:sidebar',
  description: "Labwright's panel in the left sidebar.",
  autoStart: true,
  provides: ISidebar,
  optional: [ILabShell, ILayoutRestorer, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    _shell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null
  ): ISidebar => {
    const trans = (translator ?? nullTranslator).load('labwright');
    const panel = new SidePanel({ translator: translator ?? nullTranslator });
    panel.id = ID;
    panel.addClass('jp-lw-Sidebar');
    panel.title.icon = labwrightIcon;
    panel.title.caption = trans.__('Labwright: pipelines, runs and servers');
    panel.node.setAttribute('role', 'region');
    panel.node.setAttribute('aria-label', trans.__('Labwright'));
    restorer?.add(panel, ID);
    return new Sidebar(app, panel);
  }
};
