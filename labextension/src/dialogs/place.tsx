import type { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useId, useState } from 'react';

import { LOCAL, type Client, type Target } from '../api';
import { useSignal } from '../runs/hooks';
import type { TargetsModel } from '../targets/model';
import { choiceLabel, limits, placeText, targetLabel } from '../targets/words';

/** Where something runs, and what lists call it. */
export interface IPlace {
  readonly target: string;
  /** Empty: the pipeline's own name. This machine takes no other. */
  readonly name: string;
  readonly experiment: string;
}

export interface IPlaceFieldsProps {
  readonly client: Client;
  readonly targets: TargetsModel;
  /** Which targets may be chosen. */
  readonly offered: (target: Target) => boolean;
  readonly pipeline: string;
  readonly value: IPlace;
  readonly onChange: (place: Partial<IPlace>) => void;
  readonly trans: TranslationBundle;
}

/** Whether the chosen target is known not to answer. */
export function isAway(targets: TargetsModel, name: string): boolean {
  return targets.get(name)?.available === false;
}

/** Fields for target, name and experiment, and what is to be known of the target before. */
export function PlaceFields(props: IPlaceFieldsProps): JSX.Element {
  const { client, targets, offered, pipeline, value, onChange, trans } = props;
  useSignal(targets.changed);
  const [experiments, setExperiments] = useState<readonly string[]>([]);
  const id = useId();
  const { target: name } = value;
  useEffect(() => {
    let current = true;
    // Only proposals: any name will do.
    client.experiments(name).then(
      found => current && setExperiments(found),
      () => current && setExperiments([])
    );
    return () => {
      current = false;
    };
  }, [client, name]);
  const target = targets.get(name);
  const known = targets.all.filter(offered);
  const said =
    target?.available && target.kind !== 'local' ? limits(target, trans) : [];
  return (
    <>
      <div className="jp-lw-Field">
        <label htmlFor={`${id}-target`}>{trans.__('Target')}</label>
        <select
          id={`${id}-target`}
          className="jp-mod-styled"
          value={name}
          aria-describedby={`${id}-place`}
          onChange={event => onChange({ target: event.target.value })}
        >
          {!target && <option value={name}>{targetLabel(name, trans)}</option>}
          {known.map(one => (
            <option key={one.name} value={one.name}>
              {choiceLabel(one, trans)}
            </option>
          ))}
        </select>
        <div
          id={`${id}-place`}
          className="jp-lw-Hint"
          data-wrong={target?.available === false}
          aria-live="polite"
        >
          {target ? placeText(target, trans) : ''}
          {said.length > 0 && (
            <ul className="jp-lw-Limits">
              {said.map(words => (
                <li key={words}>{words}</li>
              ))}
            </ul>
          )}
        </div>
      </div>
      {name !== LOCAL && (
        <div className="jp-lw-Field">
          <label htmlFor={`${id}-name`}>{trans.__('Name')}</label>
          <input
            id={`${id}-name`}
            className="jp-mod-styled"
            value={value.name}
            placeholder={pipeline}
            maxLength={256}
            autoComplete="off"
            onChange={event => onChange({ name: event.target.value })}
          />
        </div>
      )}
      <div className="jp-lw-Field">
        <label htmlFor={`${id}-experiment`}>{trans.__('Experiment')}</label>
        <input
          id={`${id}-experiment`}
          className="jp-mod-styled"
          value={value.experiment}
          list={`${id}-experiments`}
          placeholder={name === LOCAL ? trans.__('none') : trans.__('the default one')}
          autoComplete="off"
          onChange={event => onChange({ experiment: event.target.value })}
        />
        <datalist id={`${id}-experiments`}>
          {experiments.map(one => (
            <option key={one} value={one} />
          ))}
        </datalist>
      </div>
    </>
  );
}
