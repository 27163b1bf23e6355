import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { PartialJSONObject } from '@lumino/coreutils';
import type { Message } from '@lumino/messaging';
import { createElement } from 'react';

import { IPipelines } from '../pipeline/token';
import { CommandIDs, IWorkbench } from '../tokens';
import { labwrightIcon } from '../ui';
import { Inspector } from './view';

const ID = 'labwright-inspector';

class InspectorPanel extends ReactWidget {
  constructor(
    private readonly _pipelines: IPipelines,
    private readonly _workbench: IWorkbench,
    private readonly _commands: CommandRegistry,
    private readonly _translator: ITranslator
  ) {
    super();
    const { trans } = _workbench;
    this.id = ID;
    this.addClass('jp-lw-InspectorPanel');
    this.title.icon = labwrightIcon;
    this.title.caption = trans.__('Step inspector');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Step inspector'));
    _pipelines.changed.connect(() => this.update());
  }

  protected render(): JSX.Element {
    return createElement(Inspector, {
      pipeline: this._pipelines.current,
      schema: this._schema,
      commands: this._commands,
      translator: this._translator,
      trans: this._workbench.trans
    });
  }

  protected override onBeforeShow(message: Message): void {
    super.onBeforeShow(message);
    if (!this._schema) {
      void this._workbench.client.schemas().then(
        ({ step }) => {
          this._schema = step as PartialJSONObject;
          this.update();
        },
        () => undefined // asked again when next shown; the rest of the panel is of use without
      );
    }
    this.update();
  }

  private _schema: PartialJSONObject | null = null;
}

/** The right sidebar's panel about the selected step. */
export const inspectorPlugin: JupyterFrontEndPlugin<void> = {
  id: 'labwright:inspector',
  description: 'The settings, inputs and outputs of the selected step.',
  autoStart: true,
  requires: [IPipelines, IWorkbench],
  optional: [ITranslator, ILabShell, ILayoutRestorer],
  activate: (
    app,
    pipelines: IPipelines,
    workbench: IWorkbench,
    translator: ITranslator | null,
    shell: ILabShell | null,
    restorer: ILayoutRestorer | null
  ) => {
    const { trans } = workbench;
    const panel = new InspectorPanel(
      pipelines,
      workbench,
      app.commands,
      translator ?? nullTranslator
    );
    app.shell.add(panel, 'right', { rank: 350, type: 'Labwright' });
    restorer?.add(panel, ID);
    app.commands.addCommand(CommandIDs.showInspector, {
      label: trans.__('Step Settings'),
      caption: trans.__('Settings, inputs and outputs of the selected step'),
      icon: labwrightIcon,
      execute: () => {
        app.shell.activateById(ID);
        if (!shell) {
          // Notebook 7 keeps its right area closed until asked.
          const { expandRight } = app.shell as { expandRight?: (id?: string) => void };
          expandRight?.call(app.shell, ID);
        }
      }
    });
  }
};
