import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useId, useState } from 'react';

import type { Client, Parameter, Target } from '../api/client';
import { allowAccept } from './accept';
import { ParameterForm } from './parameters';
import { readForm } from './values';
import { tabToFields } from './tab';

/** What a person decides about a run. */
export interface IRunChoice {
  readonly texts: Readonly<Record<string, string>>;
  readonly target: string;
  readonly cache: boolean;
  readonly experiment: string;
  readonly from: string | null;
  readonly until: string | null;
}

export interface IRunDialogOptions {
  readonly client: Client;
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
  }

  onValid: (valid: boolean) => void = () => undefined;

  get valid(): boolean {
    const { problems } = readForm(this._options.parameters, this._choice.texts);
    return Object.keys(problems).length === 0;
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
          this.onValid(this.valid);
        }}
      />
    );
  }

  private _choice: IRunChoice;
}

function RunForm(props: {
  options: IRunDialogOptions;
  onChange: (choice: IRunChoice) => void;
}): JSX.Element {
  const { options, onChange } = props;
  const { trans, parameters, steps, client } = options;
  const [choice, setChoice] = useState(options.choice);
  const [targets, setTargets] = useState<readonly Target[] | null>(null);
  const [experiments, setExperiments] = useState<readonly string[]>([]);
  const id = useId();
  const change = (part: Partial<IRunChoice>): void => setChoice({ ...choice, ...part });
  useEffect(() => onChange(choice), [choice, onChange]);
  useEffect(() => {
    // The dialog is of use without them: "local" is always there.
    client.targets().then(setTargets, () => setTargets([]));
    client.experiments().then(setExperiments, () => undefined);
  }, [client]);
  const target = targets?.find(one => one.name === choice.target);
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
        <div className="jp-lw-Field">
          <label htmlFor={`${id}-target`}>{trans.__('Target')}</label>
          <select
            id={`${id}-target`}
            className="jp-mod-styled"
            value={choice.target}
            aria-describedby={`${id}-place`}
            onChange={event => change({ target: event.target.value })}
          >
            {(targets?.length
              ? targets
              : [{ name: choice.target, available: true }]
            ).map(one => (
              <option key={one.name} value={one.name} disabled={!one.available}>
                {one.name === 'local' ? trans.__('This machine') : one.name}
              </option>
            ))}
          </select>
          <span id={`${id}-place`} className="jp-lw-Hint">
            {target ? placeText(target, trans) : ''}
          </span>
        </div>
        <div className="jp-lw-Field">
          <label htmlFor={`${id}-experiment`}>{trans.__('Experiment')}</label>
          <input
            id={`${id}-experiment`}
            className="jp-mod-styled"
            value={choice.experiment}
            list={`${id}-experiments`}
            placeholder={trans.__('none')}
            autoComplete="off"
            onChange={event => change({ experiment: event.target.value })}
          />
          <datalist id={`${id}-experiments`}>
            {experiments.map(one => (
              <option key={one} value={one} />
            ))}
          </datalist>
        </div>
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

function placeText(target: Target, trans: TranslationBundle): string {
  if (!target.available) {
    return target.reason ?? '';
  }
  const gpus = target.gpus?.length ?? 0;
  const parts = [
    target.cpus ? trans._n('%1 CPU', '%1 CPUs', target.cpus) : '',
    target.memory_bytes ? `${Math.round(target.memory_bytes / 2 ** 30)} GiB` : '',
    gpus > 0 ? trans._n('%1 GPU', '%1 GPUs', gpus) : ''
  ];
  return parts.filter(Boolean).join(', ');
}
