import { formatValue, IParameter, parseValue, ParameterType, readForm } from './values';

const parameter = (
  type: ParameterType,
  rest: Partial<IParameter> = {}
): IParameter => ({
  name: 'p',
  type,
  default: 0,
  ...rest
});

it.each<[ParameterType, string, unknown]>([
  ['int', ' 12 ', 12],
  ['int', '1_000', 1000],
  ['int', '-3', -3],
  ['float', '3', 3],
  ['float', '.5', 0.5],
  ['float', '1e-3', 0.001],
  ['bool', 'Yes', true],
  ['bool', '0', false],
  ['str', ' as typed ', ' as typed '],
  ['str', '', ''],
  ['list', '[1, "a"]', [1, 'a']],
  ['dict', '{"a": [1]}', { a: [1] }]
])('reads %s %j', (type, text, value) => {
  expect(parseValue(parameter(type), text)).toEqual({ value });
});

it.each<[ParameterType, string, string]>([
  ['int', '1.5', 'int'],
  ['int', '1e3', 'int'],
  ['int', '9007199254740993', 'large'],
  ['int', '', 'missing'],
  ['float', 'one', 'float'],
  ['float', 'Infinity', 'float'],
  ['bool', 'maybe', 'bool'],
  ['list', '{"a": 1}', 'list'],
  ['list', '[1', 'list'],
  ['dict', '[1]', 'dict'],
  ['dict', 'null', 'dict']
])('refuses %s %j', (type, text, problem) => {
  expect(parseValue(parameter(type), text)).toEqual({ problem });
});

it('takes nothing for None where the default is None', () => {
  expect(parseValue(parameter('int', { default: null }), '')).toEqual({ value: null });
  expect(parseValue(parameter('str', { default: null }), 'None')).toEqual({
    value: null
  });
  expect(parseValue(parameter('int', { default: null, required: true }), '')).toEqual({
    problem: 'missing'
  });
});

it.each<[ParameterType, unknown, string]>([
  ['float', 1, '1.0'],
  ['float', 0.1, '0.1'],
  ['float', 1e300, '1e+300'],
  ['int', 3, '3'],
  ['bool', true, 'true'],
  ['str', 'a b', 'a b'],
  ['list', [1, 'a', null], '[1, "a", null]'],
  ['dict', { a: { b: 1 } }, '{"a": {"b": 1}}']
])('writes a %s so that it reads the same', (type, value, text) => {
  const one = parameter(type);
  expect(formatValue(one, value as never)).toBe(text);
  expect(parseValue(one, text)).toEqual({ value });
});

it('gives only what differs from the defaults', () => {
  const parameters: IParameter[] = [
    { name: 'lr', type: 'float', default: 0.1 },
    { name: 'epochs', type: 'int', default: 3 },
    { name: 'need', type: 'str', required: true }
  ];
  expect(readForm(parameters, { lr: '0.2' })).toEqual({
    values: { lr: 0.2 },
    problems: { need: 'missing' }
  });
  expect(readForm(parameters, { epochs: 'x', need: 'y' })).toEqual({
    values: { need: 'y' },
    problems: { epochs: 'int' }
  });
});
