import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';

import { IWorkbench } from '../tokens';
import { RunDrive } from './drive';
import { DRIVE } from './path';

export * from './path';

/** Opens what runs left as real notebook documents: read-only, and without a kernel. */
export const drivePlugin: JupyterFrontEndPlugin<void> = {
  id: 'labwright:drive',
  description: 'Executed notebooks of runs as documents.',
  autoStart: true,
  requires: [IWorkbench],
  optional: [INotebookTracker],
  activate: (
    app: JupyterFrontEnd,
    { client, trans }: IWorkbench,
    notebooks: INotebookTracker | null
  ) => {
    const { contents } = app.serviceManager;
    contents.addDrive(new RunDrive(client, trans));
    notebooks?.widgetAdded.connect((_, panel) => {
      if (contents.driveName(panel.context.path) === DRIVE) {
        const { sessionContext } = panel.context;
        sessionContext.kernelPreference = {
          ...sessionContext.kernelPreference,
          shouldStart: false,
          canStart: false,
          autoStartDefault: false
        };
      }
    });
  }
};
