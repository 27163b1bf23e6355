import {
  ILabShell,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { CommandToolbarButton, ReactWidget } from '@jupyterlab/ui-components';

import { CommandIDs, ISidebar, IWorkbench } from '../tokens';
import { ErrorBoundary, Section } from '../ui';
import { addServerCommands } from './commands';
import { ServersContext, type IServersPanel } from './context';
import { keyOf } from './model';
import { Teller, type Wanted } from './notify';
import { MENU } from './ServerRow';
import { ServersPanel } from './ServersPanel';

const RANK = 30;
const ROWS = '.jp-lw-Server';
const NOTIFICATIONS = 'labwright:notifications';

const serversPlugin: JupyterFrontEndPlugin<void> = {
  id: 'labwright:servers',
  description: 'Notebook servers, their volumes and images.',
  autoStart: true,
  requires: [IWorkbench, ISidebar],
  optional: [ILabShell, ICommandPalette, ILauncher, ISettingRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    workbench: IWorkbench,
    sidebar: ISidebar,
    lab: ILabShell | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    registry: ISettingRegistry | null,
    translator: ITranslator | null
  ) => {
    const { commands } = app;
    const { client, events, servers, targets, trans } = workbench;
    const panel: IServersPanel = { client, events, servers, targets, trans, commands };
    addServerCommands(app, panel, lab, translator ?? nullTranslator);

    const content = ReactWidget.create(
      <ServersContext.Provider value={panel}>
        <ErrorBoundary trans={trans}>
          <ServersPanel />
        </ErrorBoundary>
      </ServersContext.Provider>
    );
    content.addClass('jp-lw-Panel');
    const label = trans.__('Servers');
    const section = new Section({ id: 'labwright-servers', label, content });
    for (const id of [CommandIDs.newServer, CommandIDs.refreshServers]) {
      section.toolbar.addItem(
        id,
        new CommandToolbarButton({ commands, id, args: { toolbar: true } })
      );
    }
    commands.addCommand(CommandIDs.showServers, {
      label: trans.__('Show Servers'),
      isVisible: () => targets.hosts.length > 0,
      execute: () => sidebar.reveal(section)
    });

    /** Nothing of this is there until a target runs servers. */
    const appear = (): void => {
      if (targets.hosts.length === 0) {
        return;
      }
      targets.changed.disconnect(appear);
      sidebar.add(section, RANK);
      launcher?.add({
        command: CommandIDs.newServer,
        category: trans.__('Other'),
        args: { isLauncher: true },
        rank: 50
      });
    };
    targets.changed.connect(appear);
    appear();

    const teller = new Teller(servers, trans, server => {
      void commands.execute(CommandIDs.openServer, { server: keyOf(server) });
    });
    registry
      ?.load(NOTIFICATIONS)
      .then(settings => {
        const read = (): void => {
          teller.wanted = settings.get('servers').composite as Wanted;
        };
        settings.changed.connect(read);
        read();
      })
      .catch((error: unknown) =>
        console.warn(
          'Labwright: the settings of notifications could not be read.',
          error
        )
      );

    const category = trans.__('Labwright');
    [
      CommandIDs.showServers,
      CommandIDs.newServer,
      CommandIDs.newVolume,
      CommandIDs.refreshServers
    ].forEach(command => palette?.addItem({ command, category }));
    MENU.forEach((command, rank) =>
      app.contextMenu.addItem(
        command
          ? { command, selector: ROWS, rank }
          : { type: 'separator', selector: ROWS, rank }
      )
    );
  }
};

export const serversPlugins: JupyterFrontEndPlugin<unknown>[] = [serversPlugin];
