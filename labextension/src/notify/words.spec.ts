import { nullTranslator } from '@jupyterlab/translation';

import { summary } from '../runs/samples';
import { messageOf } from './words';

const trans = nullTranslator.load('labwright');
const started_at = '2026-01-01T00:00:00Z';

describe('what is said of a run that ended', () => {
  it('names the run, how it went and how long it took', () => {
    const run = summary(1, { started_at, finished_at: '2026-01-01T00:01:05Z' });
    expect(messageOf(run, trans)).toEqual({
      failed: false,
      text: 'digits succeeded in 1 min 5 s'
    });
    expect(
      messageOf({ ...run, state: 'FAILED', error: 'step a: E: x' }, trans)
    ).toEqual({
      failed: true,
      text: 'digits failed: step a: E: x'
    });
  });

  it('says nothing to who cancelled it', () => {
    expect(messageOf(summary(1, { state: 'CANCELED' }), trans)).toBeNull();
  });
});
