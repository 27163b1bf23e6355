import type { ITranslator } from '@jupyterlab/translation';
import { FormComponent } from '@jupyterlab/ui-components';
import type { JSONObject, ReadonlyJSONObject } from '@lumino/coreutils';
import type { RJSFSchema, UiSchema } from '@rjsf/utils';
import { customizeValidator } from '@rjsf/validator-ajv8';
import { useState } from 'react';

const validator = customizeValidator<ReadonlyJSONObject>();

export interface ISchemaFormProps {
  schema: JSONObject;
  uiSchema?: UiSchema<ReadonlyJSONObject>;
  /** What the form begins with; it keeps what is typed itself. */
  data: JSONObject;
  translator: ITranslator;
  onChange: (data: JSONObject, valid: boolean) => void;
}

export default function SchemaForm(props: ISchemaFormProps): JSX.Element {
  const trans = props.translator.load('labwright');
  const [data, setData] = useState(props.data);
  return (
    <FormComponent
      validator={validator}
      schema={props.schema as RJSFSchema}
      uiSchema={props.uiSchema}
      formData={data}
      translator={props.translator}
      buttonStyle="icons"
      liveValidate
      // Each field says what is wrong with it; a pattern is no word for people.
      showErrorList={false}
      transformErrors={errors =>
        errors.map(error =>
          error.name === 'pattern'
            ? { ...error, message: trans.__('This is not of the form described.') }
            : error
        )
      }
      onChange={event => {
        const next = event.formData as JSONObject;
        setData(next);
        props.onChange(next, event.errors.length === 0);
      }}
    />
  );
}
