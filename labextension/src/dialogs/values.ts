/** Parameters as a person types them, and as the API takes them (`notebook/parameters.py`). */

import type { ReadonlyPartialJSONValue } from '@lumino/coreutils';

export type ParameterType = 'int' | 'float' | 'str' | 'bool' | 'list' | 'dict';

export interface IParameter {
  readonly name: string;
  readonly type: ParameterType;
  readonly default?: unknown;
  readonly required?: boolean;
}

/** `problem` names what is wrong; the words come from the form. */
export type Parsed =
  | { readonly value: ReadonlyPartialJSONValue | null }
  | { readonly problem: ParameterType | 'large' | 'missing' };

const TRUE = ['true', 'yes', 'on', '1'];
const FALSE = ['false', 'no', 'off', '0'];
const INTEGER = /^[+-]?\d+$/;
const FLOAT = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The value that a text gives; Python accepts `1_000`, and so do we. */
export function parseValue(parameter: IParameter, text: string): Parsed {
  const word = text.trim();
  const nullable = parameter.default === null && !parameter.required;
  if (nullable && (word === '' || ['none', 'null'].includes(word.toLowerCase()))) {
    return { value: null };
  }
  if (parameter.type === 'str') {
    return parameter.required && text === '' ? { problem: 'missing' } : { value: text };
  }
  if (word === '') {
    return { problem: 'missing' };
  }
  const digits = word.replace(/(?<=\d)_(?=\d)/g, '');
  switch (parameter.type) {
    case 'int': {
      if (!INTEGER.test(digits)) {
        return { problem: 'int' };
      }
      const value = Number(digits);
      return Number.isSafeInteger(value) ? { value } : { problem: 'large' };
    }
    case 'float':
      return FLOAT.test(digits) && Number.isFinite(Number(digits))
        ? { value: Number(digits) }
        : { problem: 'float' };
    case 'bool':
      return TRUE.includes(word.toLowerCase())
        ? { value: true }
        : FALSE.includes(word.toLowerCase())
          ? { value: false }
          : { problem: 'bool' };
    default:
      return parseStructure(parameter.type, word);
  }
}

/** A value as the text that gives it again. */
export function formatValue(parameter: IParameter, value: unknown): string {
  if (value === undefined || value === null) {
    return '';
  }
  if (parameter.type === 'str') {
    return String(value);
  }
  if (
    parameter.type === 'float' &&
    typeof value === 'number' &&
    Number.isInteger(value)
  ) {
    return Math.abs(value) < 1e16 ? value.toFixed(1) : String(value);
  }
  return typeof value === 'object' ? spaced(value) : String(value);
}

/** The texts a form starts with. */
export function defaultTexts(
  parameters: readonly IParameter[]
): Record<string, string> {
  return Object.fromEntries(
    parameters.map(parameter => [
      parameter.name,
      formatValue(parameter, parameter.default)
    ])
  );
}

/** Every value that differs from its default, and what is wrong; `texts` may lack names. */
export function readForm(
  parameters: readonly IParameter[],
  texts: Readonly<Record<string, string>>
): {
  values: Record<string, ReadonlyPartialJSONValue | null>;
  problems: Record<string, ParameterType | 'large' | 'missing'>;
} {
  const values: Record<string, ReadonlyPartialJSONValue | null> = {};
  const problems: Record<string, ParameterType | 'large' | 'missing'> = {};
  for (const parameter of parameters) {
    const standard = formatValue(parameter, parameter.default);
    const text = texts[parameter.name] ?? standard;
    if (text === standard && !parameter.required) {
      continue;
    }
    const parsed = parseValue(parameter, text);
    if ('problem' in parsed) {
      problems[parameter.name] = parsed.problem;
    } else {
      values[parameter.name] = parsed.value;
    }
  }
  return { values, problems };
}

function parseStructure(type: 'list' | 'dict', word: string): Parsed {
  let value: unknown;
  try {
    value = JSON.parse(word);
  } catch {
    return { problem: type };
  }
  const fits =
    type === 'list'
      ? Array.isArray(value)
      : typeof value === 'object' && value !== null && !Array.isArray(value);
  return fits ? { value: value as ReadonlyPartialJSONValue } : { problem: type };
}

/** JSON on one line, with a blank after commas and colons. */
function spaced(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map(item => spaced(item)).join(', ')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const items = Object.entries(value).map(
      ([key, item]) => `${JSON.stringify(key)}: ${spaced(item)}`
    );
    return `{${items.join(', ')}}`;
  }
  return JSON.stringify(value);
}
