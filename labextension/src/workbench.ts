import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { Client } from './api/client';
import { EventStream } from './events/stream';
import { RunsModel } from './runs/model';
import { IWorkbench } from './tokens';

export const workbenchPlugin: JupyterFrontEndPlugin<IWorkbench> = {
  id: 'labwright:workbench',
  description: "The client, events and runs of Labwright's panels.",
  autoStart: true,
  provides: IWorkbench,
  optional: [ITranslator],
  activate: (app: JupyterFrontEnd, translator: ITranslator | null): IWorkbench => {
    const settings = app.serviceManager.serverSettings;
    const client = new Client(settings);
    const events = new EventStream(settings);
    const trans = (translator ?? nullTranslator).load('labwright');
    return { client, events, runs: new RunsModel(client, events), trans };
  }
};
