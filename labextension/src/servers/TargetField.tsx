import type { TranslationBundle } from '@jupyterlab/translation';
import { useId } from 'react';

import { useSignal } from '../runs/hooks';
import type { TargetsModel } from '../targets/model';
import { choiceLabel, placeText } from '../targets/words';

export interface ITargetFieldProps {
  readonly targets: TargetsModel;
  readonly value: string;
  readonly onChange: (target: string) => void;
  readonly trans: TranslationBundle;
}

/** Which of the targets that run servers; not there where there is no choice. */
export function TargetField(props: ITargetFieldProps): JSX.Element | null {
  const { targets, value, onChange, trans } = props;
  useSignal(targets.changed);
  const id = useId();
  const hosts = targets.hosts;
  const chosen = targets.get(value);
  if (hosts.length < 2) {
    return null;
  }
  return (
    <div className="jp-lw-Field">
      <label htmlFor={id}>{trans.__('Target')}</label>
      <select
        id={id}
        className="jp-mod-styled"
        value={value}
        aria-describedby={`${id}-place`}
        onChange={event => onChange(event.target.value)}
      >
        {hosts.map(one => (
          <option key={one.name} value={one.name}>
            {choiceLabel(one, trans)}
          </option>
        ))}
      </select>
      <div
        id={`${id}-place`}
        className="jp-lw-Hint"
        data-wrong={chosen?.available === false}
        aria-live="polite"
      >
        {chosen ? placeText(chosen, trans) : ''}
      </div>
    </div>
  );
}
