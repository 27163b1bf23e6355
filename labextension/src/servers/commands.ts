import type { ILabShell, JupyterFrontEnd } from '@jupyterlab/application';
import { showErrorMessage } from '@jupyterlab/apputils';
import type { ITranslator } from '@jupyterlab/translation';
import { addIcon, refreshIcon } from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { Widget } from '@lumino/widgets';

import type { Server, ServerState } from '../api';
import { place } from '../runs/place';
import { CommandIDs } from '../tokens';
import type { IServersPanel } from './context';
import { serverMark } from './icon';
import { keyOf, type Verb } from './model';
import { openServer } from './open';

/** Where the context menu was opened, servers are marked with their keys. */
const MARK = 'lwServer';

/** What can be done with servers, wherever it is asked for. */
export function addServerCommands(
  app: JupyterFrontEnd,
  panel: IServersPanel,
  lab: ILabShell | null,
  translator: ITranslator
): void {
  const { commands } = app;
  const { servers, targets, trans, client } = panel;
  const one = (args: ReadonlyPartialJSONObject): Server | undefined =>
    servers.get(
      typeof args.server === 'string'
        ? args.server
        : (app.contextMenuHitTest(node => MARK in node.dataset)?.dataset[MARK] ?? '')
    );
  const fits = (
    args: ReadonlyPartialJSONObject,
    ...states: readonly ServerState[]
  ): boolean => {
    const server = one(args);
    return server !== undefined && states.includes(server.state);
  };
  /** Do it, or say why not. */
  const attempt = async (title: string, act: () => Promise<unknown>): Promise<void> => {
    try {
      await act();
    } catch (error) {
      await showErrorMessage(title, error as Error);
    }
  };
  const there = (): boolean => targets.hosts.length > 0;

  commands.addCommand(CommandIDs.newServer, {
    label: args =>
      args.toolbar
        ? ''
        : args.isLauncher
          ? trans.__('Server')
          : trans.__('New Server…'),
    caption: trans.__('A JupyterLab of its own, with CPUs, memory and GPUs to choose'),
    icon: args => (args.isLauncher ? serverMark : addIcon),
    isVisible: there,
    isEnabled: there,
    execute: async args => {
      const { spawnServer } = await import('./spawn');
      const wanted = typeof args.target === 'string' ? args.target : undefined;
      const made = await spawnServer({ client, servers, targets, translator }, wanted);
      if (made) {
        await commands.execute(CommandIDs.showServers);
      }
    }
  });
  commands.addCommand(CommandIDs.newVolume, {
    label: trans.__('New Volume…'),
    caption: trans.__('A folder that outlives servers'),
    isVisible: there,
    isEnabled: there,
    execute: async () => {
      const { makeVolume } = await import('./dialogs');
      await makeVolume({ client, servers, targets, trans });
    }
  });
  commands.addCommand(CommandIDs.refreshServers, {
    label: args => (args.toolbar ? '' : trans.__('Refresh Servers')),
    caption: trans.__('Ask every target for its servers, volumes and images'),
    icon: refreshIcon,
    isVisible: there,
    execute: () => Promise.all([servers.refresh(), targets.refresh()])
  });
  commands.addCommand(CommandIDs.openServer, {
    label: trans.__('Open in a New Browser Tab'),
    isEnabled: args => fits(args, 'RUNNING'),
    execute: args => {
      const server = one(args);
      return server && openServer(server, client, trans);
    }
  });

  const move = (
    id: string,
    verb: Verb,
    label: string,
    failed: string,
    states: readonly ServerState[]
  ): void => {
    commands.addCommand(id, {
      label,
      isEnabled: args => fits(args, ...states),
      isVisible: args => fits(args, ...states),
      execute: args =>
        attempt(failed, async () => {
          const server = one(args);
          if (server) {
            await servers.move(server, verb);
          }
        })
    });
  };
  move(
    CommandIDs.startServer,
    'start',
    trans.__('Start'),
    trans.__('The server could not be started'),
    ['STOPPED', 'FAILED']
  );
  move(
    CommandIDs.stopServer,
    'stop',
    trans.__('Stop'),
    trans.__('The server could not be stopped'),
    ['WAITING', 'STARTING', 'RUNNING']
  );
  move(
    CommandIDs.restartServer,
    'restart',
    trans.__('Restart'),
    trans.__('The server could not be restarted'),
    ['STARTING', 'RUNNING', 'FAILED']
  );

  const standing = (args: ReadonlyPartialJSONObject): boolean =>
    one(args) !== undefined && !fits(args, 'TERMINATING');
  commands.addCommand(CommandIDs.editServer, {
    label: trans.__('Edit and Resize…'),
    isEnabled: standing,
    execute: async args => {
      const server = one(args);
      if (server) {
        const { editServer } = await import('./spawn');
        await editServer({ client, servers, targets, translator }, server);
      }
    }
  });
  commands.addCommand(CommandIDs.deleteServer, {
    label: trans.__('Delete…'),
    isEnabled: standing,
    execute: async args => {
      const server = one(args);
      if (!server) {
        return;
      }
      const { confirmDelete } = await import('./dialogs');
      const choice = await confirmDelete(server, trans);
      if (choice) {
        await attempt(trans.__('The server could not be deleted'), () =>
          servers.remove(server, choice.volumes)
        );
      }
    }
  });
  const logs = new Map<string, Widget>();
  commands.addCommand(CommandIDs.showServerLog, {
    label: trans.__('Show Log'),
    isEnabled: args => one(args) !== undefined,
    execute: async args => {
      const server = one(args);
      if (server) {
        const key = keyOf(server);
        const { logWidget } = await import('./log');
        const open = logs.get(key) ?? logWidget(panel, server);
        if (!logs.has(key)) {
          logs.set(key, open);
          open.disposed.connect(() => logs.delete(key));
        }
        place(app, lab, open);
      }
    }
  });

  const refresh = (): void =>
    Object.values(CommandIDs)
      .filter(id => /server|volume/.test(id))
      .forEach(id => commands.notifyCommandChanged(id));
  servers.changed.connect(refresh);
  targets.changed.connect(refresh);
}
