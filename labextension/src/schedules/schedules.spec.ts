import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';

import { ApiError, type Schedule } from '../api';
import { schedule, target } from '../targets/samples';
import type { TargetsModel } from '../targets/model';
import { SchedulesModel } from './model';
import { describeCron, momentOf, secondsOf, timesOf } from './words';

const trans = nullTranslator.load('labwright');

describe('timetables in words', () => {
  it.each([
    ['30 6 * * 1-5', 'At 06:30, Monday through Friday, in UTC'],
    ['15 0 12 * * *', 'At 12:00:15, every day, in UTC'],
    ['*/5 * * * *', 'Every 5 minutes, every hour, every day, in UTC']
  ])('says what %s means', async (cron, words) => {
    expect(await describeCron(cron, trans)).toEqual({ words });
  });

  it('says what is wrong, and nothing while there is nothing', async () => {
    expect(await describeCron(' ', trans)).toEqual({ problem: '' });
    expect(await describeCron('* * *', trans)).toEqual({
      problem: 'Five fields, or six with seconds first; these are 3.'
    });
    expect(await describeCron('99 * * * *', trans)).toHaveProperty('problem');
  });

  it('reads intervals and moments as people type them', () => {
    expect(secondsOf('2', 'hours')).toBe(7200);
    expect(
      ['', '0', '-1', '1.5', 'x', '99999999'].map(one => secondsOf(one, 'days'))
    ).toEqual(Array(6).fill(null));
    expect(momentOf('')).toBeNull();
    expect(Date.parse(momentOf('2026-03-01T12:00')!)).toBe(
      new Date(2026, 2, 1, 12).getTime()
    );
    expect(timesOf(schedule('a', { cron: null, every: 7200 }), trans)).toBe(
      'every 2 h'
    );
  });
});

/** A server with schedules, of which a page holds one. */
function server(...all: Schedule[]) {
  const targets = {
    changed: new Signal<object, void>({}),
    schedulers: [target('cluster')]
  };
  const client = {
    away: [] as { target: string; message: string }[],
    schedules: async (cursor: string | null) => {
      const at = Number(cursor ?? 0);
      return {
        schedules: all.slice(at, at + 1),
        next: at + 1 < all.length ? String(at + 1) : null,
        total: all.length,
        remarks: client.away
      };
    },
    makeSchedule: async () => ({ ...schedule('made'), remarks: [] }),
    switchSchedule: async (one: Schedule, enabled: boolean) => ({ ...one, enabled }),
    removeSchedule: async (): Promise<void> => {
      throw new ApiError('not-found', 'gone', null, 404);
    }
  };
  const model = new SchedulesModel(client, targets as unknown as TargetsModel);
  return { all, client, model, targets };
}

const names = ({ all }: SchedulesModel): string[] => all.map(({ name }) => name);

describe('SchedulesModel', () => {
  it('reads all pages once a target offers schedules', async () => {
    const { model, targets } = server(
      schedule('new', { created_at: '2026-01-02T00:00:00Z' }),
      schedule('old')
    );
    const changed = new Promise<void>(done => model.changed.connect(() => done()));
    targets.changed.emit();
    await changed;
    expect(names(model)).toEqual(['new', 'old']);
  });

  it('shows what was changed here at once', async () => {
    const { model } = server(schedule('one'));
    await model.refresh();
    await model.make({ path: 'a.ipynb', target: 'cluster' });
    await model.switch(
      model.all.find(({ name }) => name === 'one')!,
      false
    );
    expect(model.all.find(({ name }) => name === 'one')?.enabled).toBe(false);
    await model.remove(model.all.find(({ name }) => name === 'one')!);
    expect(names(model)).toEqual(['made']);
  });

  it('keeps those of a target that does not answer', async () => {
    const { all, client, model } = server(schedule('one'));
    await model.refresh();
    all.length = 0;
    client.away = [{ target: 'cluster', message: 'no answer' }];
    await model.refresh();
    expect(names(model)).toEqual(['one']);
    client.away = [];
    await model.refresh();
    expect(names(model)).toEqual([]);
  });
});
