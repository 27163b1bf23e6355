import { Signal } from '@lumino/signaling';

import {
  ApiError,
  type Client,
  type IRunQuery,
  type Remark,
  type Run,
  type RunSummary
} from '../api';
import type { EventStream, LabwrightEvent } from '../events/stream';
import { EVERYTHING } from './filter';
import { newestFirst } from './listing';
import { RunsModel } from './model';
import { detail, step, summary } from './samples';

/** A server that holds runs, and an event stream in our hands. */
class Fake {
  runs = new Map<string, Run>();
  asked: IRunQuery[] = [];
  events = {} as {
    event: Signal<object, LabwrightEvent>;
    resync: Signal<object, void>;
  };
  seq = 0;
  away: Remark[] = [];

  constructor() {
    this.events.event = new Signal(this);
    this.events.resync = new Signal(this);
  }

  set(run: RunSummary): Run {
    const whole = { ...detail([step('load')]), ...run };
    this.runs.set(run.run_id, whole);
    return whole;
  }

  /** The run changes, and an event says so. */
  tell(run: RunSummary): void {
    this.set(run);
    this.events.event.emit({ type: 'run', epoch: 'a', seq: ++this.seq, run });
  }

  client = {
    runs: async (query: IRunQuery) => {
      this.asked.push(query);
      const all = [...this.runs.values()]
        .filter(run => !query.state || run.state === query.state)
        .sort(newestFirst);
      const from = Number(query.cursor ?? 0);
      const behind = from + (query.limit ?? 100);
      const next = behind < all.length ? String(behind) : null;
      return {
        runs: all.slice(from, behind),
        next,
        total: all.length,
        remarks: this.away
      };
    },
    run: async (id: string) => {
      const run = this.runs.get(id);
      if (!run) {
        throw new ApiError('not-found', 'no such run', null, 404);
      }
      return run;
    },
    cancel: async (id: string) =>
      this.set({ ...this.runs.get(id)!, state: 'CANCELING' }),
    remove: async (id: string) => void this.runs.delete(id)
  };

  model(): RunsModel {
    return new RunsModel(
      this.client as unknown as Client,
      this.events as unknown as EventStream
    );
  }
}

const settled = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 40));

describe('RunsModel', () => {
  it('reads further pages only as far as somebody looks', async () => {
    const fake = new Fake();
    Array.from({ length: 1300 }, (_, i) => fake.set(summary(i)));
    const model = fake.model();
    await model.refresh();
    expect(model.listing.ids).toHaveLength(100);
    await model.reach(550);
    expect(model.listing.ids).toHaveLength(600);
    await model.reach(1299);
    expect([model.listing.ids.length, model.listing.total]).toEqual([1300, 1300]);
    expect(new Set(model.listing.ids).size).toBe(1300);
  });

  it('keeps what is loaded over a lost connection', async () => {
    const fake = new Fake();
    Array.from({ length: 300 }, (_, i) => fake.set(summary(i)));
    const model = fake.model();
    await model.refresh();
    await model.reach(250);
    fake.set(summary(999, { state: 'RUNNING' }));
    fake.events.resync.emit();
    await settled();
    expect(model.listing.ids[0]).toBe('r999');
    expect(model.listing.ids).toHaveLength(301);
    expect(model.active.map(run => run.run_id)).toEqual(['r999']);
  });

  it('tells once that a run ended, seen or not, and never of one that ended before', async () => {
    const fake = new Fake();
    fake.set(summary(1));
    fake.set(summary(2, { state: 'RUNNING' }));
    fake.set(summary(3, { state: 'RUNNING' }));
    const model = fake.model();
    const ended: string[] = [];
    model.ended.connect((_, run) => ended.push(`${run.run_id} ${run.state}`));
    await model.refresh();
    fake.tell(summary(2, { state: 'FAILED' }));
    fake.tell(summary(2, { state: 'FAILED' }));
    fake.set(summary(3, { state: 'SUCCEEDED' })); // while the connection was lost
    fake.events.resync.emit();
    await settled();
    expect(ended).toEqual(['r2 FAILED', 'r3 SUCCEEDED']);
    expect(model.active).toEqual([]);
  });

  it('asks the server for a filter, and keeps active runs that it hides', async () => {
    const fake = new Fake();
    fake.set(summary(1, { state: 'RUNNING' }));
    fake.set(summary(2, { state: 'FAILED' }));
    const model = fake.model();
    await model.refresh();
    await model.narrow({ ...EVERYTHING, state: 'FAILED' });
    expect(model.listing.ids).toEqual(['r2']);
    expect(model.active.map(run => run.run_id)).toEqual(['r1']);
    expect(fake.asked.filter(q => q.limit === 100).map(q => q.state)).toEqual([
      undefined,
      'FAILED'
    ]);
  });

  it('keeps a run with its steps current, and reads it anew when it has ended', async () => {
    const fake = new Fake();
    fake.set(summary(1, { state: 'RUNNING' }));
    const model = fake.model();
    await model.refresh();
    await settled();
    expect((await model.run('r1')).steps[0].state).toBe('PENDING');
    await settled();
    const told: unknown[] = [];
    model.changed.connect((_, ids) => told.push(ids));
    fake.events.event.emit({
      type: 'step',
      epoch: 'a',
      seq: 1,
      run_id: 'r1',
      target: 'local',
      step: step('load', { state: 'RUNNING' })
    });
    expect((await model.run('r1')).steps[0].state).toBe('RUNNING');
    await settled();
    fake.seq = 1;
    fake.tell(summary(1));
    fake.runs.get('r1')!.outputs = { answer: 42 };
    await settled();
    expect((await model.run('r1')).outputs).toEqual({ answer: 42 });
    expect(told).toContainEqual(['r1']);
  });

  it('shows what own requests changed without waiting for an event', async () => {
    const fake = new Fake();
    fake.set(summary(1, { state: 'RUNNING' }));
    const model = fake.model();
    await model.refresh();
    await model.cancel('r1');
    expect(model.listing.get('r1')?.state).toBe('CANCELING');
    fake.tell(summary(1, { state: 'CANCELED' }));
    await model.remove('r1');
    expect(model.listing.ids).toEqual([]);
  });

  it('says why the list cannot be read, and recovers', async () => {
    const fake = new Fake();
    const model = fake.model();
    const read = fake.client.runs;
    fake.client.runs = () => Promise.reject(new Error('no server'));
    await model.refresh();
    expect(model.error?.message).toBe('no server');
    fake.client.runs = read;
    await model.refresh();
    expect([model.error, model.listing.loaded]).toEqual([null, true]);
  });
});
