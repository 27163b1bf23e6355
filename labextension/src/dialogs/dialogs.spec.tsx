import type { Dialog } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { fireEvent, render, screen } from '@testing-library/react';
import { useState } from 'react';

import { allowAccept } from './accept';
import { warningText } from './confirm';
import { ParameterForm } from './parameters';
import { StepNameForm } from './stepName';
import type { IParameter } from './values';

const trans = nullTranslator.load('labwright');

const parameters: IParameter[] = [
  { name: 'epochs', type: 'int', default: 3 },
  { name: 'verbose', type: 'bool', default: false },
  { name: 'layers', type: 'list', default: [1, 2] }
];

function Parameters({ heard }: { heard: (texts: Record<string, string>) => void }) {
  const [texts, setTexts] = useState<Record<string, string>>({});
  return (
    <ParameterForm
      parameters={parameters}
      texts={texts}
      trans={trans}
      onChange={next => {
        setTexts(next);
        heard(next);
      }}
    />
  );
}

describe('allowAccept', () => {
  it('keeps the keyboard in the dialog while it cannot be accepted', () => {
    document.body.innerHTML =
      '<button id="behind"></button><div id="dialog"><input />' +
      '<div class="jp-Dialog-footer"><button class="jp-mod-accept"></button></div></div>';
    const node = document.getElementById('dialog')!;
    const accept = node.querySelector('button')!;
    const dialog = { node } as unknown as Dialog<unknown>;
    for (const before of [document.getElementById('behind')!, accept]) {
      accept.disabled = false;
      before.focus();
      expect(document.activeElement).toBe(before);
      allowAccept(dialog, false);
      expect(accept.disabled).toBe(true);
      expect(document.activeElement).toBe(node);
    }
    // Nobody who fills in a field is taken out of it.
    const field = node.querySelector('input')!;
    field.focus();
    allowAccept(dialog, false);
    expect(document.activeElement).toBe(field);
    document.body.innerHTML = '';
  });
});

describe('ParameterForm', () => {
  it('says what is wrong at the field, and offers the way back', () => {
    const heard = jest.fn();
    render(<Parameters heard={heard} />);
    const field = screen.getByLabelText('epochs');
    fireEvent.change(field, { target: { value: 'many' } });
    expect(field.getAttribute('aria-invalid')).toBe('true');
    expect(screen.getByText('A whole number, as 3.')).toBeTruthy();
    fireEvent.click(screen.getByLabelText('Set epochs back to 3'));
    expect(heard).toHaveBeenLastCalledWith({});
    expect((field as HTMLInputElement).value).toBe('3');
  });

  it('has a box to tick for a boolean, and JSON for a list', () => {
    const heard = jest.fn();
    render(<Parameters heard={heard} />);
    fireEvent.click(screen.getByLabelText('verbose'));
    expect(heard).toHaveBeenLastCalledWith({ verbose: 'true' });
    expect((screen.getByLabelText('layers') as HTMLInputElement).value).toBe('[1, 2]');
  });
});

describe('StepNameForm', () => {
  const options = {
    title: '',
    name: '',
    steps: ['load', 'train'],
    followers: 2,
    joins: true,
    accept: 'Mark',
    trans
  };

  it('gives a name and whether the cells below follow', () => {
    const onChange = jest.fn();
    render(<StepNameForm options={options} onChange={onChange} />);
    fireEvent.change(screen.getByLabelText('Name'), {
      target: { value: 'clean data' }
    });
    fireEvent.click(screen.getByRole('checkbox'));
    expect(onChange).toHaveBeenLastCalledWith({ name: 'clean_data', followers: false });
  });

  it('says what comes of a name', () => {
    render(<StepNameForm options={options} onChange={jest.fn()} />);
    const type = (value: string) =>
      fireEvent.change(screen.getByLabelText('Name'), { target: { value } });
    type('train');
    expect(screen.getByText('The cell joins this step.')).toBeTruthy();
    type('Train');
    expect(screen.getByText(/Too much like another step/)).toBeTruthy();
    type('1st');
    expect(screen.getByLabelText('Name').getAttribute('aria-invalid')).toBe('true');
  });
});

it('names the cell and the line before it changes text', () => {
  expect(
    warningText({ kind: 'line-removed', cell: 4, line: '%%step a --gpu 1' }, trans)
  ).toBe('The line `%%step a --gpu 1` of cell 5 is removed.');
});
