import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useId, useState } from 'react';

import { nameProblem } from '../cells/marks';
import { allowAccept } from './accept';
import { tabToFields } from './tab';

export interface IStepName {
  readonly name: string;
  readonly followers: boolean;
}

export interface IStepNameOptions {
  readonly title: string;
  readonly name: string;
  readonly steps: readonly string[];
  /** How many untagged cells below go along; 0 asks nothing about them. */
  readonly followers: number;
  /** What happens where the name is a step's already. */
  readonly joins: boolean;
  readonly accept: string;
  readonly trans: TranslationBundle;
}

/** Ask for a step's name; null where the person changed their mind. */
export async function askStepName(
  options: IStepNameOptions
): Promise<IStepName | null> {
  const body = new StepNameBody(options);
  const dialog = new Dialog<IStepName>({
    title: options.title,
    body,
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: options.accept })],
    focusNodeSelector: 'input'
  });
  dialog.addClass('jp-lw-Dialog');
  tabToFields(dialog);
  body.onValid = valid => allowAccept(dialog, valid);
  const { button, value } = await dialog.launch();
  return button.accept && value && nameOk(value.name, options) ? value : null;
}

function nameOk(name: string, { steps, joins }: IStepNameOptions): boolean {
  return nameProblem(name, steps) === null && (joins || !steps.includes(name));
}

class StepNameBody extends ReactWidget implements Dialog.IBodyWidget<IStepName> {
  constructor(private readonly _options: IStepNameOptions) {
    super();
    this._value = { name: _options.name, followers: true };
  }

  onValid: (valid: boolean) => void = () => undefined;

  getValue(): IStepName {
    return this._value;
  }

  render(): JSX.Element {
    return (
      <StepNameForm
        options={this._options}
        onChange={value => {
          this._value = value;
          this.onValid(nameOk(value.name, this._options));
        }}
      />
    );
  }

  private _value: IStepName;
}

export function StepNameForm(props: {
  options: IStepNameOptions;
  onChange: (value: IStepName) => void;
}): JSX.Element {
  const { options, onChange } = props;
  const { trans, steps } = options;
  const [name, setName] = useState(options.name);
  const [followers, setFollowers] = useState(true);
  const id = useId();
  useEffect(() => onChange({ name, followers }), [name, followers, onChange]);
  const problem = nameProblem(name, steps);
  const taken = problem === null && steps.includes(name) && name !== options.name;
  const messages = {
    empty: '',
    illegal: trans.__(
      'Letters, digits, _ and -, at most 63, not starting with a digit or -.'
    ),
    alike: trans.__(
      'Too much like another step: Kubernetes knows neither capitals nor _.'
    )
  };
  const hint = problem
    ? messages[problem]
    : taken
      ? options.joins
        ? trans.__('The cell joins this step.')
        : trans.__('There is such a step already.')
      : '';
  const wrong = (problem !== null && problem !== 'empty') || (taken && !options.joins);
  return (
    <div className="jp-lw-StepName">
      <label htmlFor={`${id}-name`}>{trans.__('Name')}</label>
      <input
        id={`${id}-name`}
        className="jp-mod-styled"
        value={name}
        list={`${id}-steps`}
        spellCheck={false}
        autoComplete="off"
        placeholder={trans.__('as load, train, evaluate')}
        aria-invalid={wrong}
        aria-describedby={`${id}-hint`}
        onFocus={event => event.target.select()}
        // A blank would be refused.
        onChange={event => setName(event.target.value.replace(/\s+/g, '_'))}
      />
      {options.joins && (
        <datalist id={`${id}-steps`}>
          {steps.map(step => (
            <option key={step} value={step} />
          ))}
        </datalist>
      )}
      <div
        id={`${id}-hint`}
        className="jp-lw-Hint"
        data-wrong={wrong}
        aria-live="polite"
      >
        {hint}
      </div>
      {options.followers > 0 && (
        <label className="jp-lw-Check">
          <input
            type="checkbox"
            checked={followers}
            onChange={event => setFollowers(event.target.checked)}
          />
          {trans._n(
            'The untagged cell below belongs to it too',
            'The %1 untagged cells below belong to it too',
            options.followers
          )}
        </label>
      )}
    </div>
  );
}
