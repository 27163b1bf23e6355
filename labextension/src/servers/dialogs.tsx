import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useId, useState } from 'react';

import type { Client, Server, ServerOptions, Volume, VolumeRequest } from '../api';
import type { TargetsModel } from '../targets/model';
import { ErrorBox } from '../ui';
import { ask, askUntil } from '../dialogs/ask';
import { TargetField } from './TargetField';
import type { ServersModel } from './model';

const SIZE = /^\s*(\d+\.?\d*|\.\d+)([kMGTP]|[KMGTP]i)?\s*$/;
const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

export interface IDeleteChoice {
  readonly volumes: boolean;
}

/** Ask before a server goes; null where it stays. */
export function confirmDelete(
  server: Server,
  trans: TranslationBundle
): Promise<IDeleteChoice | null> {
  return ask<IDeleteChoice>({
    title: trans.__('Delete the server %1?', server.name),
    okLabel: trans.__('Delete'),
    value: { volumes: false },
    warn: true,
    draw: (_, onChange) => (
      <DeleteForm
        server={server}
        trans={trans}
        onChange={volumes => onChange({ volumes }, true)}
      />
    )
  });
}

export function DeleteForm(props: {
  server: Server;
  trans: TranslationBundle;
  onChange: (volumes: boolean) => void;
}): JSX.Element {
  const { server, trans, onChange } = props;
  const own = server.volumes.filter(({ existing }) => !existing);
  const doomed = own.filter(({ reclaim }) => reclaim === 'Delete');
  const kept = own.filter(({ reclaim }) => reclaim === 'Retain');
  return (
    <div>
      <p className="jp-lw-Dialog-words">
        {own.length > 0
          ? trans.__('What runs in it ends.')
          : trans.__('What runs in it ends. It has no volumes of its own.')}
      </p>
      {doomed.length > 0 && (
        <>
          <p className="jp-lw-Dialog-words">
            {trans.__('These volumes were made to go with it, with their files:')}
          </p>
          <Names mounts={doomed} />
        </>
      )}
      {kept.length > 0 && (
        <>
          <p className="jp-lw-Dialog-words">
            {trans.__('These volumes and their files are kept:')}
          </p>
          <Names mounts={kept} />
          <label className="jp-lw-Check">
            <input type="checkbox" onChange={event => onChange(event.target.checked)} />
            {trans.__('Delete them too. Their files are lost for good.')}
          </label>
        </>
      )}
    </div>
  );
}

function Names({ mounts }: { mounts: Server['volumes'] }): JSX.Element {
  return (
    <ul className="jp-lw-Confirm">
      {mounts.map(({ claim, size }) => (
        <li key={claim}>{size ? `${claim} (${size})` : claim}</li>
      ))}
    </ul>
  );
}

export async function confirmVolumeDelete(
  { name }: Volume,
  trans: TranslationBundle
): Promise<boolean> {
  const { button } = await showDialog({
    title: trans.__('Delete the volume %1?', name),
    body: trans.__('Its files are lost for good.'),
    buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Delete') })],
    defaultButton: 0
  });
  return button.accept;
}

/** Ask how large a volume is to be; null where it stays as it is. */
export async function askSize(
  volume: Volume,
  trans: TranslationBundle
): Promise<string | null> {
  const size = await ask<string>({
    title: trans.__('Make %1 larger', volume.name),
    okLabel: trans.__('Resize'),
    value: volume.size ?? '',
    draw: (held, onChange) => (
      <SizeForm
        first={held}
        trans={trans}
        onChange={text => onChange(text, SIZE.test(text))}
      />
    )
  });
  return size?.trim() || null;
}

function SizeForm(props: {
  first: string;
  trans: TranslationBundle;
  onChange: (size: string) => void;
}): JSX.Element {
  const { first, trans, onChange } = props;
  const [size, setSize] = useState(first);
  return (
    <form className="jp-lw-Run" onSubmit={event => event.preventDefault()}>
      <SizeField
        value={size}
        hint={trans.__('As 20Gi. A volume can grow, but not shrink.')}
        onChange={text => {
          setSize(text);
          onChange(text);
        }}
        trans={trans}
      />
    </form>
  );
}

function SizeField(props: {
  value: string;
  hint: string;
  onChange: (size: string) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { value, hint, onChange, trans } = props;
  const id = useId();
  const wrong = !SIZE.test(value);
  return (
    <div className="jp-lw-Field">
      <label htmlFor={id}>{trans.__('Size')}</label>
      <input
        id={id}
        className="jp-mod-styled"
        value={value}
        aria-invalid={wrong}
        aria-describedby={`${id}-hint`}
        onChange={event => onChange(event.target.value)}
      />
      <span id={`${id}-hint`} className="jp-lw-Hint" data-wrong={wrong}>
        {hint}
      </span>
    </div>
  );
}

export interface IVolumeOptions {
  readonly client: Client;
  readonly servers: ServersModel;
  readonly targets: TargetsModel;
  readonly trans: TranslationBundle;
}

/** Ask for a new volume, and make it. */
export async function makeVolume(options: IVolumeOptions): Promise<void> {
  const { servers, targets, trans } = options;
  const first: VolumeRequest = {
    name: '',
    size: '5Gi',
    storage_class: null,
    access_mode: 'ReadWriteOnce',
    target: targets.hosts.find(({ available }) => available)?.name ?? 'local'
  };
  await askUntil<VolumeRequest, true>(
    {
      title: trans.__('New volume'),
      okLabel: trans.__('Create'),
      value: first,
      draw: (value, error, onChange) => (
        <VolumeForm options={options} value={value} error={error} onChange={onChange} />
      )
    },
    async request => {
      await servers.createVolume(request);
      return true;
    }
  );
}

function VolumeForm(props: {
  options: IVolumeOptions;
  value: VolumeRequest;
  error: Error | null;
  onChange: (value: VolumeRequest, valid: boolean) => void;
}): JSX.Element {
  const { options, error, onChange } = props;
  const { client, targets, trans } = options;
  const [value, setValue] = useState(props.value);
  const [offers, setOffers] = useState<ServerOptions | null>(null);
  const id = useId();
  const change = (part: Partial<VolumeRequest>): void =>
    setValue({ ...value, ...part });
  const { target } = value;
  useEffect(() => {
    let current = true;
    // Only storage classes, where there are any: without them it is the target's choice.
    client.serverOptions(target ?? 'local').then(
      found => current && setOffers(found),
      () => current && setOffers(null)
    );
    return () => {
      current = false;
    };
  }, [client, target]);
  const named = NAME.test(value.name);
  const sized = SIZE.test(value.size);
  useEffect(() => onChange(value, named && sized), [value, named, sized, onChange]);
  const classes = offers?.storage_classes ?? [];
  return (
    <form className="jp-lw-Run" onSubmit={event => event.preventDefault()}>
      {error && <ErrorBox error={error} />}
      <TargetField
        targets={targets}
        value={target ?? 'local'}
        onChange={name => change({ target: name, storage_class: null })}
        trans={trans}
      />
      <div className="jp-lw-Field">
        <label htmlFor={`${id}-name`}>{trans.__('Name')}</label>
        <input
          id={`${id}-name`}
          className="jp-mod-styled"
          value={value.name}
          spellCheck={false}
          autoComplete="off"
          aria-invalid={value.name !== '' && !named}
          aria-describedby={`${id}-name-hint`}
          onChange={event => change({ name: event.target.value })}
        />
        <span
          id={`${id}-name-hint`}
          className="jp-lw-Hint"
          data-wrong={value.name !== '' && !named}
        >
          {trans.__('Small letters, digits, - and .')}
        </span>
      </div>
      <SizeField
        value={value.size}
        hint={trans.__('As 20Gi')}
        onChange={size => change({ size })}
        trans={trans}
      />
      {classes.length > 0 && (
        <div className="jp-lw-Field">
          <label htmlFor={`${id}-class`}>{trans.__('Storage')}</label>
          <select
            id={`${id}-class`}
            className="jp-mod-styled"
            value={value.storage_class ?? ''}
            onChange={event => change({ storage_class: event.target.value || null })}
          >
            <option value="">{trans.__('the default one')}</option>
            {classes.map(one => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </div>
      )}
      <label className="jp-lw-Check">
        <input
          type="checkbox"
          checked={value.access_mode === 'ReadWriteMany'}
          onChange={event =>
            change({
              access_mode: event.target.checked ? 'ReadWriteMany' : 'ReadWriteOnce'
            })
          }
        />
        {trans.__('For several servers at once')}
      </label>
    </form>
  );
}
