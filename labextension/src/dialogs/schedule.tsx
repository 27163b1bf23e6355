import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useId, useState } from 'react';

import type { Client, Parameter } from '../api/client';
import {
  describeCron,
  secondsOf,
  UNITS,
  type Described,
  type Unit
} from '../schedules/words';
import type { TargetsModel } from '../targets/model';
import { allowAccept } from './accept';
import { ParameterForm } from './parameters';
import { isAway, PlaceFields, type IPlace } from './place';
import { tabToFields } from './tab';
import { readForm } from './values';

/** What a person decides about runs to come. */
export interface IScheduleChoice extends IPlace {
  readonly texts: Readonly<Record<string, string>>;
  readonly cache: boolean;
  readonly by: 'cron' | 'interval';
  readonly cron: string;
  readonly count: string;
  readonly unit: Unit;
  /** As fields of type `datetime-local` have them: in the person's own time; empty for none. */
  readonly start: string;
  readonly end: string;
  readonly catchUp: boolean;
  readonly atOnce: number;
}

export interface IScheduleDialogOptions {
  readonly client: Client;
  readonly targets: TargetsModel;
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly choice: IScheduleChoice;
  readonly trans: TranslationBundle;
}

const MOST_AT_ONCE = 10;

/** Ask when a pipeline is to run by itself; null where the person changed their mind. */
export async function askSchedule(
  options: IScheduleDialogOptions
): Promise<IScheduleChoice | null> {
  const { trans, name } = options;
  const body = new ScheduleBody(options);
  const dialog = new Dialog<IScheduleChoice>({
    title: trans.__('Schedule %1', name),
    body,
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Schedule') })]
  });
  dialog.addClass('jp-lw-Dialog');
  tabToFields(dialog);
  body.onValid = valid => allowAccept(dialog, valid);
  const { button, value } = await dialog.launch();
  return button.accept && value && body.valid ? value : null;
}

class ScheduleBody extends ReactWidget implements Dialog.IBodyWidget<IScheduleChoice> {
  constructor(private readonly _options: IScheduleDialogOptions) {
    super();
    this._choice = _options.choice;
  }

  onValid: (valid: boolean) => void = () => undefined;

  get valid(): boolean {
    return this._valid;
  }

  getValue(): IScheduleChoice {
    return this._choice;
  }

  render(): JSX.Element {
    return (
      <ScheduleForm
        options={this._options}
        onChange={(choice, valid) => {
          this._choice = choice;
          this._valid = valid;
          this.onValid(valid);
        }}
      />
    );
  }

  private _choice: IScheduleChoice;
  private _valid = false;
}

/** Whether the span from start to end is one. */
export function isSpan({
  start,
  end
}: Pick<IScheduleChoice, 'start' | 'end'>): boolean {
  return !start || !end || Date.parse(start) < Date.parse(end);
}

export function ScheduleForm(props: {
  options: IScheduleDialogOptions;
  onChange: (choice: IScheduleChoice, valid: boolean) => void;
}): JSX.Element {
  const { options, onChange } = props;
  const { trans, parameters, client, targets } = options;
  const [choice, setChoice] = useState(options.choice);
  const cron = useDescribed(choice.cron, trans);
  const id = useId();
  const change = (part: Partial<IScheduleChoice>): void =>
    setChoice({ ...choice, ...part });
  const { problems } = readForm(parameters, choice.texts);
  const seconds = secondsOf(choice.count, choice.unit);
  const timed = choice.by === 'cron' ? 'words' in cron : seconds !== null;
  const valid =
    timed &&
    isSpan(choice) &&
    Object.keys(problems).length === 0 &&
    !isAway(targets, choice.target);
  useEffect(() => onChange(choice, valid), [choice, valid, onChange]);
  const wrong = 'problem' in cron && cron.problem !== '';
  const unitNames: Record<Unit, string> = {
    minutes: trans.__('minutes'),
    hours: trans.__('hours'),
    days: trans.__('days')
  };
  return (
    <form className="jp-lw-Run" onSubmit={event => event.preventDefault()}>
      <fieldset>
        <legend>{trans.__('When')}</legend>
        <div className="jp-lw-Field">
          <label htmlFor={`${id}-by`}>{trans.__('By')}</label>
          <select
            id={`${id}-by`}
            className="jp-mod-styled"
            value={choice.by}
            onChange={event =>
              change({ by: event.target.value as IScheduleChoice['by'] })
            }
          >
            <option value="cron">{trans.__('a calendar (cron)')}</option>
            <option value="interval">{trans.__('an interval')}</option>
          </select>
        </div>
        {choice.by === 'cron' ? (
          <div className="jp-lw-Field">
            <label htmlFor={`${id}-cron`}>{trans.__('Cron')}</label>
            <input
              id={`${id}-cron`}
              className="jp-mod-styled jp-lw-Cron"
              value={choice.cron}
              spellCheck={false}
              autoComplete="off"
              aria-invalid={wrong}
              aria-describedby={`${id}-words`}
              onChange={event => change({ cron: event.target.value })}
            />
            <span
              id={`${id}-words`}
              className="jp-lw-Hint"
              data-wrong={wrong}
              aria-live="polite"
            >
              {'words' in cron
                ? cron.words
                : cron.problem || trans.__('minute, hour, day, month, day of the week')}
            </span>
          </div>
        ) : (
          <div className="jp-lw-Field">
            <label htmlFor={`${id}-count`}>{trans.__('Every')}</label>
            <span className="jp-lw-Interval">
              <input
                id={`${id}-count`}
                className="jp-mod-styled"
                inputMode="numeric"
                value={choice.count}
                autoComplete="off"
                aria-invalid={seconds === null}
                onChange={event => change({ count: event.target.value })}
              />
              <select
                className="jp-mod-styled"
                aria-label={trans.__('Unit')}
                value={choice.unit}
                onChange={event => change({ unit: event.target.value as Unit })}
              >
                {(Object.keys(UNITS) as Unit[]).map(unit => (
                  <option key={unit} value={unit}>
                    {unitNames[unit]}
                  </option>
                ))}
              </select>
            </span>
          </div>
        )}
        {(['start', 'end'] as const).map(which => (
          <div key={which} className="jp-lw-Field">
            <label htmlFor={`${id}-${which}`}>
              {which === 'start' ? trans.__('From') : trans.__('Until')}
            </label>
            <input
              id={`${id}-${which}`}
              className="jp-mod-styled"
              type="datetime-local"
              value={choice[which]}
              aria-invalid={!isSpan(choice)}
              aria-describedby={`${id}-span`}
              onChange={event => change({ [which]: event.target.value })}
            />
          </div>
        ))}
        <div className="jp-lw-Field">
          <span
            id={`${id}-span`}
            className="jp-lw-Hint"
            data-wrong={!isSpan(choice)}
            aria-live="polite"
          >
            {isSpan(choice)
              ? trans.__('Times of this machine; empty for no limit.')
              : trans.__('It ends before it starts.')}
          </span>
        </div>
        <div className="jp-lw-Field">
          <label htmlFor={`${id}-most`}>{trans.__('At once')}</label>
          <select
            id={`${id}-most`}
            className="jp-mod-styled"
            value={choice.atOnce}
            onChange={event => change({ atOnce: Number(event.target.value) })}
          >
            {Array.from({ length: MOST_AT_ONCE }, (_, i) => i + 1).map(most => (
              <option key={most} value={most}>
                {trans._n('%1 run', 'up to %1 runs', most)}
              </option>
            ))}
          </select>
        </div>
        <label className="jp-lw-Check">
          <input
            type="checkbox"
            checked={choice.catchUp}
            onChange={event => change({ catchUp: event.target.checked })}
          />
          {trans.__('Make up for turns that were missed')}
        </label>
      </fieldset>
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
          offered={({ capabilities }) => capabilities.schedules}
          pipeline={options.name}
          value={choice}
          onChange={change}
          trans={trans}
        />
        <label className="jp-lw-Check">
          <input
            type="checkbox"
            checked={choice.cache}
            onChange={event => change({ cache: event.target.checked })}
          />
          {trans.__('Take results of steps that have not changed')}
        </label>
        <p className="jp-lw-Schedule-note">
          {trans.__(
            'The notebook is sent as it is now; later changes need a new schedule.'
          )}
        </p>
      </fieldset>
    </form>
  );
}

/** What a cron says, once that is known; until then it is not right. */
function useDescribed(cron: string, trans: TranslationBundle): Described {
  const [found, setFound] = useState<{ cron: string; said: Described } | null>(null);
  useEffect(() => {
    let current = true;
    void describeCron(cron, trans).then(said => current && setFound({ cron, said }));
    return () => {
      current = false;
    };
  }, [cron, trans]);
  return found?.cron === cron ? found.said : { problem: '' };
}
