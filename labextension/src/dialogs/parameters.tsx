import type { TranslationBundle } from '@jupyterlab/translation';
import { useId } from 'react';

import { formatValue, IParameter, parseValue, readForm } from './values';

interface IProps {
  readonly parameters: readonly IParameter[];
  readonly texts: Readonly<Record<string, string>>;
  readonly onChange: (texts: Record<string, string>) => void;
  readonly trans: TranslationBundle;
}

/** One field for each parameter, by its type. */
export function ParameterForm({
  parameters,
  texts,
  onChange,
  trans
}: IProps): JSX.Element {
  const { problems } = readForm(parameters, texts);
  return (
    <div className="jp-lw-Parameters">
      {parameters.map(parameter => {
        const standard = formatValue(parameter, parameter.default);
        const text = texts[parameter.name] ?? standard;
        return (
          <Field
            key={parameter.name}
            parameter={parameter}
            text={text}
            changed={text !== standard}
            problem={problemText(problems[parameter.name], trans)}
            onChange={next => onChange({ ...texts, [parameter.name]: next })}
            onReset={() => {
              const rest = { ...texts };
              delete rest[parameter.name];
              onChange(rest);
            }}
            trans={trans}
          />
        );
      })}
    </div>
  );
}

function Field(props: {
  parameter: IParameter;
  text: string;
  changed: boolean;
  problem: string;
  onChange: (text: string) => void;
  onReset: () => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { parameter, text, changed, problem, onChange, onReset, trans } = props;
  const id = useId();
  const standard = formatValue(parameter, parameter.default);
  const common = {
    id,
    'aria-invalid': problem !== '',
    'aria-describedby': `${id}-hint`
  };
  const parsed = parseValue(parameter, text);
  const wide = parameter.type === 'list' || parameter.type === 'dict';
  return (
    <div className="jp-lw-Parameter" data-changed={changed}>
      <label htmlFor={id} title={parameter.name}>
        {parameter.name}
      </label>
      {parameter.type === 'bool' && parameter.default !== null ? (
        <span className="jp-lw-Parameter-check">
          <input
            {...common}
            type="checkbox"
            checked={'value' in parsed && parsed.value === true}
            onChange={event => onChange(String(event.target.checked))}
          />
        </span>
      ) : (
        <input
          {...common}
          className="jp-mod-styled"
          data-type={wide ? 'structure' : parameter.type}
          inputMode={parameter.type === 'int' ? 'numeric' : undefined}
          value={text}
          placeholder={parameter.default === null ? 'None' : ''}
          spellCheck={false}
          autoComplete="off"
          onChange={event => onChange(event.target.value)}
        />
      )}
      {changed && !parameter.required ? (
        <button
          type="button"
          className="jp-lw-Parameter-reset"
          title={trans.__('Back to %1', standard || 'None')}
          aria-label={trans.__('Set %1 back to %2', parameter.name, standard || 'None')}
          onClick={onReset}
        >
          ↺
        </button>
      ) : (
        <span className="jp-lw-Parameter-type">{parameter.type}</span>
      )}
      <div id={`${id}-hint`} className="jp-lw-Hint" data-wrong="true">
        {problem}
      </div>
    </div>
  );
}

function problemText(problem: string | undefined, trans: TranslationBundle): string {
  const texts: Record<string, string> = {
    int: trans.__('A whole number, as 3.'),
    float: trans.__('A number, as 0.1.'),
    bool: trans.__('true or false.'),
    str: trans.__('Text.'),
    list: trans.__('A JSON list, as [1, 2].'),
    dict: trans.__('A JSON object, as {"a": 1}.'),
    large: trans.__('Too large to be passed exactly.'),
    missing: trans.__('A value is needed.')
  };
  return problem ? (texts[problem] ?? problem) : '';
}
