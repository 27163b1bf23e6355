import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { Client } from './api/client';
import { EventStream } from './events/stream';
import { RunsModel } from './runs/model';
import { SchedulesModel } from './schedules/model';
import { ServersModel } from './servers/model';
import { TargetsModel } from './targets/model';
import { IWorkbench } from './tokens';

export const workbenchPlugin: JupyterFrontEndPlugin<IWorkbench> = {
  id: 'labwright:workbench',
  description:
    "The client, events, targets, runs, schedules and servers of Labwright's panels.",
  autoStart: true,
  provides: IWorkbench,
  optional: [ITranslator],
  activate: (app: JupyterFrontEnd, translator: ITranslator | null): IWorkbench => {
    const settings = app.serviceManager.serverSettings;
    const client = new Client(settings);
    const events = new EventStream(settings);
    const trans = (translator ?? nullTranslator).load('labwright');
    const runs = new RunsModel(client, events);
    const targets = new TargetsModel(client, events);
    const schedules = new SchedulesModel(client, targets);
    const servers = new ServersModel(client, events, targets);
    return { client, events, runs, targets, schedules, servers, trans };
  }
};
