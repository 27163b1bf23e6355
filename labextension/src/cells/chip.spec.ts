import { nullTranslator } from '@jupyterlab/translation';

import { Chip, IChip } from './chip';
import { badges } from './words';

const trans = nullTranslator.load('labwright');

const content: IChip = {
  label: 'train',
  kind: 'step',
  colour: 'var(--lw-step-1)',
  starts: true,
  line: null,
  metrics: false,
  badges: [{ key: 'gpu', text: 'GPU 1' }],
  state: { name: 'stale', text: 'out of date', why: 'its code changed' },
  remarks: [
    { severity: 'warning', message: 'a typo?' },
    { severity: 'error', message: 'cannot be sent' }
  ],
  title: 'Step train. Click to change',
  remarksLabel: '2 remarks on this cell',
  metricsLabel: 'metrics'
};

it('shows the step, its settings, what a run would do and the worst remark', () => {
  const chip = new Chip({ name: jest.fn(), remarks: jest.fn() });
  chip.chip = content;
  expect(chip.node.textContent).toBe('trainGPU 1out of datecannot be sent+1');
  const [name, remarks] = chip.node.querySelectorAll('button');
  expect(name.getAttribute('aria-label')).toBe('train. Step train. Click to change');
  expect(remarks.dataset.severity).toBe('error');
  expect(remarks.title).toContain('a typo?');
});

it('hides where there is nothing to say, and touches nothing that is the same', () => {
  const chip = new Chip({ name: jest.fn(), remarks: jest.fn() });
  chip.chip = content;
  const before = chip.node.firstChild;
  chip.chip = { ...content };
  expect(chip.node.firstChild).toBe(before);
  chip.chip = null;
  expect(chip.isHidden).toBe(true);
});

it('tells presses on the name from those on remarks, and keeps them from the notebook', () => {
  const actions = { name: jest.fn(), remarks: jest.fn() };
  const chip = new Chip(actions);
  const outside = jest.fn();
  const parent = document.createElement('div');
  parent.addEventListener('mousedown', outside);
  parent.append(chip.node);
  chip.chip = content;
  const [name, remarks] = chip.node.querySelectorAll('button');
  name.dispatchEvent(new MouseEvent('mousedown', { bubbles: true }));
  name.click();
  remarks.click();
  expect(actions.name).toHaveBeenCalledTimes(1);
  expect(actions.remarks).toHaveBeenCalledTimes(1);
  expect(outside).not.toHaveBeenCalled();
});

it('puts settings in few words', () => {
  const settings = {
    when: 'a > 1',
    after: ['load'],
    resources: { cpu: 2, memory: '4Gi', gpu: { count: 2 } },
    retry: { count: 3 },
    timeout: 90,
    cache: false
  };
  expect(badges(settings, trans).map(badge => badge.text)).toEqual([
    'when a > 1',
    'after load',
    'GPU 2',
    'CPU 2',
    '4Gi',
    'retry 3',
    'at most 90 s',
    'never cached'
  ]);
  expect(
    badges({ resources: { gpu: 1 }, retry: 2 }, trans).map(badge => badge.text)
  ).toEqual(['GPU 1', 'retry 2']);
});
