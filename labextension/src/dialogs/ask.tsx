import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import type { ReactElement } from 'react';

import { allowAccept } from './accept';
import { tabToFields } from './tab';

type OnChange<T> = (value: T, valid: boolean) => void;

/** Draws a form that begins with `value`; `onChange` takes what it holds, and whether it is right. */
export type Draw<T> = (value: T, onChange: OnChange<T>) => ReactElement;

class FormBody<T> extends ReactWidget implements Dialog.IBodyWidget<T> {
  constructor(
    private _value: T,
    private readonly _draw: (onChange: OnChange<T>) => ReactElement
  ) {
    super();
  }

  onValid: (valid: boolean) => void = () => undefined;
  valid = true;

  getValue(): T {
    return this._value;
  }

  render(): ReactElement {
    return this._draw(this._onChange);
  }

  private readonly _onChange = (value: T, valid: boolean): void => {
    this._value = value;
    this.valid = valid;
    this.onValid(valid);
  };
}

export interface IAskOptions<T> {
  readonly title: string;
  readonly okLabel: string;
  readonly value: T;
  readonly draw: Draw<T>;
  /** What is done cannot be undone. */
  readonly warn?: boolean;
}

/** Ask with a form; null where the person changed their mind. */
export async function ask<T>(options: IAskOptions<T>): Promise<T | null> {
  const { title, okLabel, draw, warn } = options;
  const button = warn ? Dialog.warnButton : Dialog.okButton;
  let held = options.value;
  for (;;) {
    const body = new FormBody(held, onChange => draw(held, onChange));
    const dialog = new Dialog<T>({
      title,
      body,
      buttons: [Dialog.cancelButton(), button({ label: okLabel })],
      ...(warn ? { defaultButton: 0 } : {})
    });
    dialog.addClass('jp-lw-Dialog');
    tabToFields(dialog);
    body.onValid = valid => allowAccept(dialog, valid);
    const { button: pressed, value } = await dialog.launch();
    if (!pressed.accept || value === null) {
      return null;
    }
    if (body.valid) {
      return value;
    }
    held = value; // the key Enter does not ask whether the button may be pressed
  }
}

/** Ask until it can be done, or the person gives up: what was filled in is never lost. */
export async function askUntil<T, R>(
  options: Omit<IAskOptions<T>, 'draw'> & {
    /** `error`: why it could not be done as it was asked for. */
    draw: (value: T, error: Error | null, onChange: OnChange<T>) => ReactElement;
  },
  act: (value: T) => Promise<R>
): Promise<R | null> {
  let { value } = options;
  let error: Error | null = null;
  for (;;) {
    const why = error;
    const found: T | null = await ask<T>({
      ...options,
      value,
      draw: (held, onChange) => options.draw(held, why, onChange)
    });
    if (found === null) {
      return null;
    }
    try {
      return await act(found);
    } catch (reason) {
      value = found;
      error = reason as Error;
    }
  }
}
