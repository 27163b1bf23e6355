import type { RunList, RunSummary, State } from '../api';
import { EVERYTHING } from './filter';
import { Listing, newestFirst, type RunEvent } from './listing';
import { summary } from './samples';

let seq = 0;
const event = (run: RunSummary, at = ++seq, epoch = 'a'): RunEvent => ({
  type: 'run',
  epoch,
  seq: at,
  run
});
const gone = (run_id: string): RunEvent => ({
  type: 'deleted',
  epoch: 'a',
  seq: ++seq,
  target: 'local',
  run_id
});
const list = (
  runs: RunSummary[],
  next: string | null = null,
  total = runs.length,
  remarks: RunList['remarks'] = []
): RunList => ({
  runs,
  next,
  total,
  remarks
});
const run = (n: number, state: State = 'SUCCEEDED'): RunSummary =>
  summary(n, { state });

describe('Listing', () => {
  beforeEach(() => {
    seq = 0;
  });

  it('lists pages and new runs, the newest first', () => {
    const listing = new Listing();
    listing.replace(list([run(4), run(3)], 'c', 4), listing.clock);
    listing.append(list([run(2), run(1)], null, 4), listing.clock);
    listing.apply(event(run(5, 'PENDING')));
    expect(listing.ids).toEqual(['r5', 'r4', 'r3', 'r2', 'r1']);
    expect(listing.total).toBe(5);
  });

  it('takes an event twice, or late, without harm', () => {
    const listing = new Listing();
    listing.replace(list([]), listing.clock);
    const begun = event(run(1, 'RUNNING'));
    const over = event(run(1, 'SUCCEEDED'));
    expect(listing.apply(over)?.before).toBeUndefined();
    expect(listing.apply(over)).toBeNull();
    expect(listing.apply(begun)).toBeNull();
    expect(listing.get('r1')?.state).toBe('SUCCEEDED');
    expect(listing.total).toBe(1);
  });

  it('believes the agent that came last', () => {
    const listing = new Listing();
    listing.apply(event(run(1, 'RUNNING'), 90, 'a'));
    listing.apply(event(run(1, 'FAILED'), 1, 'b'));
    listing.apply(event(run(1, 'RUNNING'), 91, 'a'));
    expect(listing.get('r1')?.state).toBe('FAILED');
  });

  it('keeps what events told while a page was on its way', () => {
    const listing = new Listing();
    const asked = listing.clock;
    listing.apply(event(run(2, 'FAILED')));
    listing.apply(event(run(3)));
    listing.apply(gone('r1'));
    listing.replace(list([run(2, 'RUNNING'), run(1)]), asked);
    expect(listing.ids).toEqual(['r3', 'r2']);
    expect(listing.get('r2')?.state).toBe('FAILED');
  });

  it('drops what was deleted while nobody listened', () => {
    const listing = new Listing();
    listing.replace(list([run(3), run(2), run(1)]), listing.clock);
    const changes = listing.replace(list([run(3), run(1)]), listing.clock);
    expect(listing.ids).toEqual(['r3', 'r1']);
    expect(changes.filter(c => !c.after).map(c => c.before?.run_id)).toEqual(['r2']);
  });

  it('keeps the runs of a target that does not answer', () => {
    const listing = new Listing();
    const far = summary(2, { target: 'cluster' });
    listing.replace(list([run(3), far, run(1)]), listing.clock);
    const away = [{ target: 'cluster', message: 'no answer' }];
    const changes = listing.replace(list([run(3)], null, 1, away), listing.clock);
    expect(listing.ids).toEqual(['r3', 'r2@cluster']);
    expect(changes.filter(c => !c.after).map(c => c.before?.run_id)).toEqual(['r1']);
    expect([listing.total, listing.remarks]).toEqual([2, away]);
  });

  it('knows runs of two targets apart that have the same id', () => {
    const listing = new Listing();
    const far = summary(1, { target: 'cluster' });
    listing.replace(list([run(1), far]), listing.clock);
    listing.apply({ ...gone('r1'), type: 'archived', target: 'cluster' } as RunEvent);
    expect(listing.ids).toEqual(['r1']);
  });

  it('sorts times with and without fractions of a second', () => {
    const at = (created_at: string) => summary(1, { created_at, run_id: created_at });
    const times = [
      '2026-01-01T00:00:01.250000Z',
      '2026-01-01T00:00:01.2Z',
      '2026-01-01T00:00:01Z',
      '2026-01-01T00:00:00.999Z'
    ];
    expect(
      [...times]
        .reverse()
        .map(at)
        .sort(newestFirst)
        .map(one => one.created_at)
    ).toEqual(times);
  });

  it('leaves an old run to the page that it lies on', () => {
    const listing = new Listing();
    listing.replace(list([run(9), run(8)], 'c', 9), listing.clock);
    listing.apply(event(run(1, 'RUNNING')));
    expect(listing.ids).toEqual(['r9', 'r8']);
    expect(listing.get('r1')?.state).toBe('RUNNING');
  });

  it('lists and drops runs as they come to match the filter or cease to', () => {
    const listing = new Listing();
    listing.replace(list([run(1)]), listing.clock);
    listing.narrow({ ...EVERYTHING, state: 'RUNNING' });
    expect(listing.ids).toEqual([]);
    listing.replace(list([]), listing.clock);
    listing.apply(event(run(2, 'RUNNING')));
    expect([listing.ids, listing.total]).toEqual([['r2'], 1]);
    listing.apply(event(run(2, 'FAILED')));
    expect([listing.ids, listing.total]).toEqual([[], 0]);
  });

  it('stays quick with 5,000 runs', () => {
    const listing = new Listing();
    const all = Array.from({ length: 5000 }, (_, i) => run(5000 - i));
    listing.replace(list(all), listing.clock);
    const begin = performance.now();
    for (let i = 0; i < 1000; i++) {
      listing.apply(event(run(1 + ((i * 7) % 5000), 'FAILED')));
    }
    expect(performance.now() - begin).toBeLessThan(500);
    expect(listing.total).toBe(5000);
  });
});
