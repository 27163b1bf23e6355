import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useId, useState } from 'react';

import type { Client, Parameter } from '../api/client';
import type { TargetsModel } from '../targets/model';
import { allowAccept } from './accept';
import { ParameterForm } from './parameters';
import { isAway, PlaceFields, type IPlace } from './place';
import { readForm } from './values';
import { tabToFields } from './tab';

/** What a person decides about a run. */
export interface IRunChoice extends IPlace {
  readonly texts: Readonly<Record<string, string>>;
  readonly cache: boolean;
  readonly from: string | null;
  readonly until: string | null;
}

export interface IRunDialogOptions {
  readonly client: Client;
  readonly targets: TargetsModel;
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly steps: readonly string[];
  readonly choice: IRunChoice;
  readonly trans: TranslationBundle;
}

/** Ask how to run; null where the person changed their mind. */
export async function askRun(options: IRunDialogOptions): Promise<IRunChoice | null> {
  const { trans, name } = options;
  const body = new RunBody(options);
  const dialog = new Dialog<IRunChoice>({
    title: trans.__('Run %1', name),
    body,
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Run') })]
  });
  dialog.addClass('jp-lw-Dialog');
  tabToFields(dialog);
  body.onValid = valid => allowAccept(dialog, valid);
  const { button, value } = await dialog.launch();
  return button.accept && value && body.valid ? value : null;
}

class RunBody extends ReactWidget implements Dialog.IBodyWidget<IRunChoice> {
  constructor(private readonly _options: IRunDialogOptions) {
    super();
    this._choice = _options.choice;
    _options.targets.changed.connect(this._check, this);
  }

  override dispose(): void {
    this._options.targets.changed.disconnect(this._check, this);
    super.dispose();
  }

  onValid: (valid: boolean) => void = () => undefined;

  get valid(): boolean {
    const { parameters, targets } = this._options;
    const { problems } = readForm(parameters, this._choice.texts);
    return Object.keys(problems).length === 0 && !isAway(targets, this._choice.target);
  }

  getValue(): IRunChoice {
    return this._choice;
  }

  render(): JSX.Element {
    return (
      <RunForm
        options={this._options}
        onChange={choice => {
          this._choice = choice;
          this._check();
        }}
      />
    );
  }

  private _check(): void {
    this.onValid(this.valid);
  }

  private _choice: IRunChoice;
}

function RunForm(props: {
  options: IRunDialogOptions;
  onChange: (choice: IRunChoice) => void;
}): JSX.Element {
  const { options, onChange } = props;
  const { trans, parameters, steps, client, targets } = options;
  const [choice, setChoice] = useState(options.choice);
  const id = useId();
  const change = (part: Partial<IRunChoice>): void => setChoice({ ...choice, ...part });
  useEffect(() => onChange(choice), [choice, onChange]);
  return (
    <form className="jp-lw-Run" onSubmit={event => event.preventDefault()}>
      {parameters.length > 0 && (
        <fieldset>
          <legend>{trans.__('Parameters')}</legend>
          <ParameterForm
            parameters={parameters}
            texts={choice.texts}
            onChange={texts => change({ texts })}
            trans={trans}
          />
        </fieldset>
      )}
      <fieldset>
        <legend>{trans.__('Where and how')}</legend>
        <PlaceFields
          client={client}
          targets={targets}
          offered={() => true}
          pipeline={options.name}
          value={choice}
          onChange={change}
          trans={trans}
        />
        <div className="jp-lw-Field">
          <label htmlFor={`${id}-from`}>{trans.__('From')}</label>
          <StepChoice
            id={`${id}-from`}
            value={choice.from}
            steps={steps}
            none={trans.__('the first step')}
            onChange={from => change({ from })}
          />
        </div>
        <div className="jp-lw-Field">
          <label htmlFor={`${id}-until`}>{trans.__('Up to')}</label>
          <StepChoice
            id={`${id}-until`}
            value={choice.until}
            steps={steps}
            none={trans.__('the last step')}
            onChange={until => change({ until })}
          />
        </div>
        <label className="jp-lw-Check">
          <input
            type="checkbox"
            checked={choice.cache}
            onChange={event => change({ cache: event.target.checked })}
          />
          {trans.__('Take results of steps that have not changed')}
        </label>
      </fieldset>
    </form>
  );
}

function StepChoice(props: {
  id: string;
  value: string | null;
  steps: readonly string[];
  none: string;
  onChange: (step: string | null) => void;
}): JSX.Element {
  return (
    <select
      id={props.id}
      className="jp-mod-styled"
      value={props.value ?? ''}
      onChange={event => props.onChange(event.target.value || null)}
    >
      <option value="">{props.none}</option>
      {props.steps.map(step => (
        <option key={step} value={step}>
          {step}
        </option>
      ))}
    </select>
  );
}
