import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import type { JSONObject } from '@lumino/coreutils';
import { useEffect, useId, useRef, useState } from 'react';

import type { OfferedGpu, Preset, Server, ServerOptions } from '../api';
import { ErrorBox, nameFields } from '../ui';
import { Fields } from './Fields';
import type { ISpawnChoice, ISpawnOptions } from './spawn';
import { TargetField } from './TargetField';
import { gpuText, presetText } from './words';

interface ISpawnFormProps {
  readonly options: ISpawnOptions;
  readonly value: ISpawnChoice;
  /** Why it could not be made as it was asked for. */
  readonly error: Error | null;
  readonly onChange: (value: ISpawnChoice, valid: boolean) => void;
}

/** A new server: where, of which size, and all else that the target offers. */
export function SpawnForm(props: ISpawnFormProps): JSX.Element {
  const { options, error, onChange } = props;
  const { client, targets, translator } = options;
  const trans = translator.load('labwright');
  const [choice, setChoice] = useState(props.value);
  const { offers, problem } = useOffers(client, choice.target);
  const [valid, setValid] = useState(true);
  const good = offers !== null && valid;
  useEffect(() => onChange(choice, good), [choice, good, onChange]);
  const fields = useNamed();
  const change = (data: JSONObject): void =>
    setChoice(before => ({ ...before, data: { ...before.data, ...data } }));
  return (
    <div className="jp-lw-Run jp-lw-Spawn" ref={fields}>
      {error && (
        <ErrorBox title={trans.__('The server could not be made')} error={error} />
      )}
      <TargetField
        targets={targets}
        value={choice.target}
        onChange={target => {
          setChoice({ target, data: { name: choice.data.name } });
          setValid(true);
        }}
        trans={trans}
      />
      {problem && (
        <ErrorBox
          title={trans.__('What it offers could not be read')}
          error={problem}
        />
      )}
      {!offers && !problem && (
        <p className="jp-lw-Dialog-words" role="status">
          {trans.__('Asking what it offers…')}
        </p>
      )}
      {offers && (
        <>
          <PresetField
            offers={offers}
            value={String(choice.data.preset ?? '')}
            onChange={preset => change({ preset: preset || null })}
            trans={trans}
          />
          <Gpus
            gpus={offers.gpus}
            why={offers.not_offered.gpu ?? offers.not_offered.gpus}
            trans={trans}
          />
          <Fields
            key={choice.target}
            schema={offers.schema as JSONObject}
            notOffered={offers.not_offered}
            data={choice.data}
            translator={translator}
            onChange={(data, right) => {
              change(data);
              setValid(right);
            }}
          />
        </>
      )}
    </div>
  );
}

interface IOffered {
  readonly offers: ServerOptions | null;
  readonly problem: Error | null;
}

function useOffers(client: ISpawnOptions['client'], target: string): IOffered {
  const [found, setFound] = useState<IOffered & { target: string }>();
  useEffect(() => {
    let current = true;
    client.serverOptions(target).then(
      offers => current && setFound({ target, offers, problem: null }),
      error => current && setFound({ target, offers: null, problem: error as Error })
    );
    return () => {
      current = false;
    };
  }, [client, target]);
  return found?.target === target ? found : { offers: null, problem: null };
}

interface IPresetFieldProps {
  readonly offers: ServerOptions;
  readonly value: string;
  readonly onChange: (preset: string) => void;
  readonly trans: TranslationBundle;
}

/** What common kinds of work ask for. */
function PresetField(props: IPresetFieldProps): JSX.Element | null {
  const { offers, value, onChange, trans } = props;
  const id = useId();
  const { presets } = offers;
  const chosen = presets.find(one => one.id === value);
  if (presets.length === 0) {
    return null;
  }
  return (
    <div className="jp-lw-Field">
      <label htmlFor={id}>{trans.__('Profile')}</label>
      <select
        id={id}
        className="jp-mod-styled"
        value={value}
        aria-describedby={`${id}-words`}
        onChange={event => onChange(event.target.value)}
      >
        <option value="">{trans.__('none: as below')}</option>
        {presets.map(one => (
          <option key={one.id} value={one.id}>
            {`${one.display_name} (${presetText(one, trans)})`}
          </option>
        ))}
      </select>
      <span id={`${id}-words`} className="jp-lw-Hint" aria-live="polite">
        {chosen ? presetHint(chosen, trans) : trans.__('CPUs, memory and GPUs in one.')}
      </span>
    </div>
  );
}

function presetHint(preset: Preset, trans: TranslationBundle): string {
  return trans.__(
    '%1 What is filled in below counts instead; where there is less, it is less.',
    preset.description
  );
}

/** Which GPUs are free just now, or why there are none. */
function Gpus(props: {
  gpus: readonly OfferedGpu[];
  why: string | undefined;
  trans: TranslationBundle;
}): JSX.Element {
  const { gpus, why, trans } = props;
  return (
    <div className="jp-lw-Field">
      <span>{trans.__('GPUs')}</span>
      <span className="jp-lw-Gpus" data-lw-none={gpus.every(({ free }) => free === 0)}>
        {gpus.length > 0 ? gpuText(gpus, trans) : (why ?? trans.__('none'))}
      </span>
    </div>
  );
}

interface IChangeFormProps {
  readonly server: Server;
  readonly offers: ServerOptions;
  readonly schema: JSONObject;
  readonly value: JSONObject;
  readonly error: Error | null;
  readonly translator: ITranslator;
  readonly onChange: (value: JSONObject, valid: boolean) => void;
}

/** What can be different about a server that is there. */
export function ChangeForm(props: IChangeFormProps): JSX.Element {
  const { server, offers, schema, error, translator, onChange } = props;
  const trans = translator.load('labwright');
  const [held, setHeld] = useState({ data: props.value, valid: true });
  useEffect(() => onChange(held.data, held.valid), [held, onChange]);
  const fields = useNamed();
  const { gpus } = offers;
  const rests = server.state === 'STOPPED' || server.state === 'FAILED';
  return (
    <div className="jp-lw-Run jp-lw-Spawn" ref={fields}>
      {error && (
        <ErrorBox title={trans.__('The server could not be changed')} error={error} />
      )}
      <p className="jp-lw-Dialog-words" role="note">
        {rests
          ? trans.__('Changes take effect when it is started.')
          : trans.__(
              'It goes on as it is: changes take effect at its next start, but for volumes that grow and the time until it is stopped.'
            )}
      </p>
      {gpus.length > 0 && <Gpus gpus={gpus} why={undefined} trans={trans} />}
      <Fields
        schema={schema}
        notOffered={offers.not_offered}
        data={held.data}
        translator={translator}
        onChange={(data, valid) =>
          setHeld(before => ({ data: { ...before.data, ...data }, valid }))
        }
      />
    </div>
  );
}

/** The element within which fields are named for those who listen. */
function useNamed(): React.RefObject<HTMLDivElement> {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => nameFields(place.current!), []);
  return place;
}
