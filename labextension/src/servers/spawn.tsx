import { showErrorMessage } from '@jupyterlab/apputils';
import type { ITranslator } from '@jupyterlab/translation';
import type { JSONObject } from '@lumino/coreutils';

import type { Client, Server, ServerRequest } from '../api';
import type { TargetsModel } from '../targets/model';
import { askUntil } from '../dialogs/ask';
import { asForm, changeOf, changeSchema, freeName, wish } from './form';
import type { ServersModel } from './model';
import { ChangeForm, SpawnForm } from './SpawnForm';

export interface ISpawnOptions {
  readonly client: Client;
  readonly servers: ServersModel;
  readonly targets: TargetsModel;
  readonly translator: ITranslator;
}

/** What a person fills in: the form's own data, and on which target. */
export interface ISpawnChoice {
  readonly target: string;
  readonly data: JSONObject;
}

/** Ask for a new server and make it; null where there is none. */
export function spawnServer(
  options: ISpawnOptions,
  target?: string
): Promise<Server | null> {
  const { servers, targets, translator } = options;
  const trans = translator.load('labwright');
  const hosts = targets.hosts;
  const first =
    hosts.find(({ name }) => name === target) ??
    hosts.find(({ available }) => available) ??
    hosts[0];
  return askUntil<ISpawnChoice, Server>(
    {
      title: trans.__('New server'),
      okLabel: trans.__('Create'),
      value: {
        target: first?.name ?? 'local',
        data: { name: freeName(servers.all.map(({ name }) => name)) }
      },
      draw: (value, error, onChange) => (
        <SpawnForm options={options} value={value} error={error} onChange={onChange} />
      )
    },
    ({ target: name, data }) =>
      servers.create({ ...wish(data), target: name } as unknown as ServerRequest)
  );
}

/** Ask what is to be different about a server, and make it so. */
export async function editServer(
  options: ISpawnOptions,
  server: Server
): Promise<Server | null> {
  const { client, servers, translator } = options;
  const trans = translator.load('labwright');
  try {
    const offers = await client.serverOptions(server.target);
    const schema = changeSchema(offers, server);
    if (!schema) {
      throw new Error(trans.__('Nothing about it can be changed.'));
    }
    const before = asForm(server, schema);
    return await askUntil<JSONObject, Server>(
      {
        title: trans.__('Edit %1', server.name),
        okLabel: trans.__('Save'),
        value: before,
        draw: (value, error, onChange) => (
          <ChangeForm
            server={server}
            offers={offers}
            schema={schema}
            value={value}
            error={error}
            translator={translator}
            onChange={onChange}
          />
        )
      },
      async after => {
        const change = changeOf(before, after, schema);
        return Object.keys(change).length === 0
          ? server
          : servers.change(server, change);
      }
    );
  } catch (error) {
    await showErrorMessage(trans.__('The server cannot be edited'), error as Error);
    return null;
  }
}
