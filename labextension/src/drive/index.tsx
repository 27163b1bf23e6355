import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { WidgetTracker } from '@jupyterlab/apputils';
import { IEditorServices } from '@jupyterlab/codeeditor';
import {
  INotebookTracker,
  NotebookPanel,
  NotebookWidgetFactory
} from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { notebookIcon, ReactWidget } from '@jupyterlab/ui-components';

import { CommandIDs, IWorkbench } from '../tokens';
import { RunDrive } from './drive';
import { DRIVE, parsePath, type Place } from './path';

export * from './path';

/** The name of the factory whose notebooks are only read. */
export const READER = 'labwright:notebook-reader';

/**
 * Opens what runs left as real notebook documents.
 *
 * They have a factory of their own: what works on notebooks that are being written (kernels,
 * widgets' managers, the marks of steps) must leave these alone.
 */
export const drivePlugin: JupyterFrontEndPlugin<void> = {
  id: 'labwright:drive',
  description: 'Executed notebooks of runs as documents.',
  autoStart: true,
  requires: [
    IWorkbench,
    IRenderMimeRegistry,
    IEditorServices,
    NotebookPanel.IContentFactory
  ],
  optional: [ILabShell, ILayoutRestorer, INotebookTracker],
  activate: (
    app: JupyterFrontEnd,
    { client, trans }: IWorkbench,
    rendermime: IRenderMimeRegistry,
    { mimeTypeService }: IEditorServices,
    contentFactory: NotebookPanel.IContentFactory,
    lab: ILabShell | null,
    restorer: ILayoutRestorer | null,
    notebooks: INotebookTracker | null
  ) => {
    const { contents } = app.serviceManager;
    contents.addDrive(new RunDrive(client, trans));
    const factory = new NotebookWidgetFactory({
      name: READER,
      label: trans.__('Notebook of a Run'),
      fileTypes: [], // asked for by its name; not one more way to open any notebook
      modelName: 'notebook',
      preferKernel: false,
      canStartKernel: false,
      readOnly: true,
      rendermime,
      contentFactory,
      mimeTypeService,
      toolbarFactory: panel => {
        const place = parsePath(contents.localPath(panel.context.path));
        const open = (runId: string): void =>
          void app.commands.execute(CommandIDs.openRun, { runId });
        const item = ReactWidget.create(<Origin place={place} onOpen={open} />);
        return [{ name: 'origin', widget: item }];
      }
    });
    app.docRegistry.addWidgetFactory(factory);
    const readers = new WidgetTracker<NotebookPanel>({ namespace: 'labwright-reader' });
    factory.widgetCreated.connect((_, panel) => {
      panel.title.icon = notebookIcon;
      // Opening fills in what JupyterLab wants of notebooks; here nothing is ever to be saved.
      const { model } = panel.context;
      model.stateChanged.connect((_, { name }) => {
        if (name === 'dirty' && model.dirty) {
          model.dirty = false;
        }
      });
      void readers.add(panel);
    });
    if (lab && restorer) {
      void restorer.restore(readers, {
        command: 'docmanager:open',
        args: panel => ({ path: panel.context.path, factory: READER }),
        name: panel => panel.context.path
      });
    }
    // Notebook 7 opens its own notebook view in a page of its own: no kernel there either.
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

interface IOriginProps {
  place: Place | null;
  onOpen: (runId: string) => void;
}

/** In the toolbar: which step and run the notebook comes from, and the way back. */
function Origin({ place, onOpen }: IOriginProps): JSX.Element | null {
  if (!place || place.kind === 'root') {
    return null;
  }
  const turn =
    place.kind === 'step' && place.iteration !== null ? ` [${place.iteration}]` : '';
  return (
    <div className="jp-lw-Origin">
      {place.kind === 'step' && <b>{place.step + turn}</b>}
      <button className="jp-lw-Link" onClick={() => onOpen(place.runId)}>
        {place.runId}
      </button>
    </div>
  );
}
