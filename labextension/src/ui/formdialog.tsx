import { Dialog } from '@jupyterlab/apputils';
import type { ITranslator } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { JSONObject, ReadonlyJSONObject } from '@lumino/coreutils';
import type { UiSchema } from '@rjsf/utils';
import { lazy, Suspense } from 'react';

import type { ISchemaFormProps } from './schemaform';

const LazyForm = lazy(() => import('./schemaform'));

/** JupyterLab's FormComponent on a JSON schema; its validator is loaded when first shown. */
export function SchemaForm(props: ISchemaFormProps): JSX.Element {
  return (
    <Suspense fallback={<div className="jp-lw-loading" />}>
      <LazyForm {...props} />
    </Suspense>
  );
}

export interface IFormDialogOptions {
  title: string;
  okLabel: string;
  schema: JSONObject;
  uiSchema?: UiSchema<ReadonlyJSONObject>;
  data: JSONObject;
  translator: ITranslator;
}

class FormBody extends ReactWidget implements Dialog.IBodyWidget<JSONObject> {
  constructor(private readonly _options: IFormDialogOptions) {
    super();
    this.addClass('jp-lw-FormDialog');
    this._data = _options.data;
  }

  getValue(): JSONObject {
    return this._data;
  }

  protected render(): JSX.Element {
    const { schema, uiSchema, translator } = this._options;
    return (
      <SchemaForm
        schema={schema}
        uiSchema={uiSchema}
        data={this._data}
        translator={translator}
        onChange={data => {
          this._data = data;
        }}
      />
    );
  }

  private _data: JSONObject;
}

/** Ask with a form; null where the person gives up. */
export async function showFormDialog(
  options: IFormDialogOptions
): Promise<JSONObject | null> {
  const trans = options.translator.load('labwright');
  const result = await new Dialog({
    title: options.title,
    body: new FormBody(options),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: options.okLabel })
    ]
  }).launch();
  return result.button.accept ? result.value : null;
}
