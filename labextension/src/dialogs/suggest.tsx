import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { useState } from 'react';

import type { Suggestion } from '../api/client';
import { ICellState, taggedStep } from '../cells/marks';
import { assignColours, cssColour } from '../pipeline/colours';
import { tabToFields } from './tab';

/** Show what each cell would become; gives the suggestions to apply, null for none. */
export async function askSuggestions(
  suggestions: readonly Suggestion[],
  cells: readonly ICellState[],
  trans: TranslationBundle
): Promise<readonly Suggestion[] | null> {
  const body = new SuggestBody(suggestions, cells, trans);
  const dialog = new Dialog<readonly Suggestion[]>({
    title: trans.__('Suggested steps'),
    body,
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Mark cells') })]
  });
  dialog.addClass('jp-lw-Dialog');
  tabToFields(dialog);
  const { button, value } = await dialog.launch();
  return button.accept && value && value.length > 0 ? value : null;
}

class SuggestBody
  extends ReactWidget
  implements Dialog.IBodyWidget<readonly Suggestion[]>
{
  constructor(
    private readonly _suggestions: readonly Suggestion[],
    private readonly _cells: readonly ICellState[],
    private readonly _trans: TranslationBundle
  ) {
    super();
    this._chosen = _suggestions;
  }

  getValue(): readonly Suggestion[] {
    return this._chosen;
  }

  render(): JSX.Element {
    return (
      <SuggestList
        suggestions={this._suggestions}
        cells={this._cells}
        trans={this._trans}
        onChange={chosen => {
          this._chosen = chosen;
        }}
      />
    );
  }

  private _chosen: readonly Suggestion[];
}

function SuggestList(props: {
  suggestions: readonly Suggestion[];
  cells: readonly ICellState[];
  trans: TranslationBundle;
  onChange: (chosen: readonly Suggestion[]) => void;
}): JSX.Element {
  const { suggestions, cells, trans, onChange } = props;
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const names = suggestions.flatMap(one => taggedStep(one.tag) ?? []);
  const colours = assignColours(names);
  const toggle = (id: string): void => {
    const next = new Set(left);
    if (!next.delete(id)) {
      next.add(id);
    }
    setLeft(next);
    onChange(suggestions.filter(one => !next.has(one.id)));
  };
  return (
    <div className="jp-lw-Suggest">
      <p>
        {trans.__(
          'By its headings, the notebook falls into these parts. Cells below a part belong to it. One undo takes all tags away again.'
        )}
      </p>
      <ul>
        {suggestions.map(({ id, cell, tag }) => {
          const step = taggedStep(tag);
          const style = {
            '--lw-colour': cssColour(step ? colours.get(step) : undefined)
          };
          return (
            <li key={id} style={style as React.CSSProperties}>
              <label>
                <input
                  type="checkbox"
                  checked={!left.has(id)}
                  onChange={() => toggle(id)}
                />
                <span className="jp-lw-CellChip-dot" aria-hidden />
                <span className="jp-lw-Suggest-tag" data-kind={step ? 'step' : 'role'}>
                  {step ?? tag}
                </span>
                <code>{firstLine(cells[cell]?.source ?? '')}</code>
              </label>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function firstLine(source: string): string {
  const lines = source.split('\n').map(line => line.trim());
  return lines.find(line => line && !line.startsWith('#')) ?? lines[0] ?? '';
}
