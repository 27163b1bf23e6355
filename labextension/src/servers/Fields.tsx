import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import type { JSONObject, ReadonlyJSONObject } from '@lumino/coreutils';
import type { UiSchema, WidgetProps } from '@rjsf/utils';
import { useRef } from 'react';

import { SchemaForm } from '../ui';
import { isFirst, isFurther, part } from './form';

interface IFieldsProps {
  readonly schema: JSONObject;
  /** Fields that are left out, and why. */
  readonly notOffered: Readonly<Record<string, string>>;
  readonly data: JSONObject;
  readonly translator: ITranslator;
  /** `data`: of the part that was filled in; `valid`: of all. */
  readonly onChange: (data: JSONObject, valid: boolean) => void;
}

/** A text that was emptied is empty, where its name is a person's own. */
const TEXTS = { additionalProperties: { 'ui:emptyValue': '' } };
const LOOKS: UiSchema<ReadonlyJSONObject> = {
  env: TEXTS,
  node_selector: TEXTS,
  configurations: { 'ui:widget': Choices }
};

/** Some of a list. JupyterLab's forms draw such a field without its name. */
function Choices(props: WidgetProps<ReadonlyJSONObject>): JSX.Element {
  const { label, options, value, onChange } = props;
  const chosen = (value ?? []) as string[];
  const names = (options.enumOptions ?? []).map(one => one.value as string);
  return (
    <fieldset>
      <legend>{label}</legend>
      {names.map(name => (
        <label key={name} className="jp-lw-Check">
          <input
            type="checkbox"
            checked={chosen.includes(name)}
            onChange={({ target }) =>
              onChange(
                names.filter(one =>
                  one === name ? target.checked : chosen.includes(one)
                )
              )
            }
          />
          {name}
        </label>
      ))}
    </fieldset>
  );
}

/** What can be chosen for a server, be it one that is to be made or one that is there. */
export function Fields(props: IFieldsProps): JSX.Element {
  const { schema, notOffered, data, translator, onChange } = props;
  const trans = translator.load('labwright');
  const valid = useRef<Record<string, boolean>>({});
  const form = (
    which: string,
    wanted: (field: string) => boolean
  ): JSX.Element | null => {
    const fields = part({ schema }, wanted);
    return (
      fields && (
        <div className="jp-lw-Form">
          <SchemaForm
            schema={fields}
            uiSchema={LOOKS}
            data={within(data, fields)}
            translator={translator}
            onChange={(found, right) => {
              valid.current[which] = right;
              onChange(found, Object.values(valid.current).every(Boolean));
            }}
          />
        </div>
      )
    );
  };
  const further = form('further', isFurther);
  const missing = missingFields(schema, notOffered, trans);
  return (
    <>
      {form('first', isFirst)}
      {(further || missing.length > 0) && (
        <details className="jp-lw-Fold">
          <summary>{trans.__('More')}</summary>
          {further}
          {missing.length > 0 && (
            <dl
              className="jp-lw-Missing"
              aria-label={trans.__('Not to be chosen here')}
            >
              {missing.map(([label, why]) => (
                <div key={label}>
                  <dt>{label}</dt>
                  <dd>{why}</dd>
                </div>
              ))}
            </dl>
          )}
        </details>
      )}
    </>
  );
}

/** What of the data a part of the form holds. */
function within(data: JSONObject, schema: JSONObject): JSONObject {
  const names = Object.keys(schema.properties as JSONObject);
  const held = Object.entries(data).filter(
    ([name, value]) => names.includes(name) && value !== undefined
  );
  return Object.fromEntries(held) as JSONObject;
}

/** The fields that a person may look for in vain, and why; of GPUs it is said elsewhere. */
function missingFields(
  schema: JSONObject,
  notOffered: Readonly<Record<string, string>>,
  trans: TranslationBundle
): [string, string][] {
  const labels: Record<string, string> = {
    image: trans.__('Image'),
    cpu: trans.__('CPUs'),
    memory: trans.__('Memory'),
    limit_factor: trans.__('Limit factor'),
    volumes: trans.__('Volumes'),
    idle_after: trans.__('Stop when idle for'),
    configurations: trans.__('Configurations'),
    tolerations: trans.__('Tolerations'),
    node_selector: trans.__('Node labels')
  };
  return Object.entries(labels)
    .filter(([name]) => name in notOffered && !(name in (schema.properties as object)))
    .map(([name, label]) => [label, notOffered[name]]);
}
