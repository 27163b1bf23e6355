import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import type { ReactElement } from 'react';

import { allowAccept } from '../dialogs/accept';
import { tabToFields } from '../dialogs/tab';

/** Draws a form; `onChange` takes what it holds, and whether that may be sent. */
export type Draw<T> = (onChange: (value: T, valid: boolean) => void) => ReactElement;

class FormBody<T> extends ReactWidget implements Dialog.IBodyWidget<T> {
  constructor(
    private _value: T,
    private readonly _draw: Draw<T>
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
  const { title, okLabel, value: first, draw, warn } = options;
  const body = new FormBody(first, draw);
  const button = warn ? Dialog.warnButton : Dialog.okButton;
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
  return pressed.accept && value !== null && body.valid ? value : null;
}

/** Ask until it can be done, or the person gives up: what was filled in is never lost. */
export async function askUntil<T, R>(
  options: Omit<IAskOptions<T>, 'draw'> & {
    draw: (value: T, error: Error | null) => Draw<T>;
  },
  act: (value: T) => Promise<R>
): Promise<R | null> {
  let { value } = options;
  let error: Error | null = null;
  for (;;) {
    const found: T | null = await ask({
      ...options,
      value,
      draw: options.draw(value, error)
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
