import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';

import type { Client, Server } from '../api';
import { LogReader } from './logReader';
import type { ServersModel } from './model';
import { Teller } from './notify';
import { server } from './samples';

const trans = nullTranslator.load('labwright');

beforeEach(() => {
  jest.useFakeTimers();
  jest.setSystemTime(Date.parse('2026-01-01T00:00:00Z'));
});
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

describe('Teller', () => {
  function telling() {
    const said: string[] = [];
    jest.spyOn(Notification, 'emit').mockImplementation(text => {
      said.push(text);
      return '';
    });
    const model = {
      changed: new Signal<object, void>({}),
      moved: new Signal<object, { before: Server | null; server: Server }>({}),
      all: [] as Server[],
      stoppedHere: () => false
    };
    const teller = new Teller(model as unknown as ServersModel, trans, () => undefined);
    const show = (...all: Server[]): void => {
      model.all = all;
      model.changed.emit();
    };
    return { said, show, teller, model };
  }

  it('warns once that an idle server is about to be stopped, when it is time', () => {
    const { said, show } = telling();
    show(server('work', { stop_at: '2026-01-01T01:00:00Z' }));
    expect(said).toEqual([]);
    jest.advanceTimersByTime(50 * 60_000 + 1000);
    expect(said).toEqual(['The server work is idle: stops in 10 min unless used']);
    show(server('work', { stop_at: '2026-01-01T01:00:00Z' }));
    expect(said).toHaveLength(1);
    // Somebody used it: its end is put off, and warned of anew.
    show(server('work', { stop_at: null }));
    show(server('work', { stop_at: '2026-01-01T00:55:00Z' }));
    expect(said).toHaveLength(2);
  });

  it('says what was wished for', () => {
    const { said, model, teller } = telling();
    const move = (from: Server['state'], to: Server['state']): void =>
      model.moved.emit({
        before: server('work', { state: from }),
        server: server('work', { state: to, message: 'No room.' })
      });
    teller.wanted = 'warnings';
    move('STARTING', 'RUNNING');
    move('STARTING', 'FAILED');
    expect(said).toEqual(['The server work failed: No room.']);
    teller.wanted = 'none';
    move('STARTING', 'FAILED');
    expect(said).toHaveLength(1);
    teller.wanted = 'all';
    move('STARTING', 'RUNNING');
    expect(said).toHaveLength(2);
  });
});

describe('LogReader', () => {
  it('reads on while it is seen, and begins anew where the log does', async () => {
    let log = 'first\n';
    let seen = true;
    let asked = 0;
    const client = {
      serverLog: async (_: unknown, offset: number) => {
        asked += 1;
        const begin = offset > log.length ? 0 : offset;
        const text = log.slice(begin);
        return { text, offset: begin, next: begin + text.length, end: false };
      }
    };
    const reader = new LogReader(
      client as unknown as Client,
      { name: 'work', target: 'local' },
      () => seen
    );
    const lines = (): string[] =>
      Array.from(
        { length: reader.buffer.length },
        (_, i) => reader.buffer.line(i).text
      );
    await jest.advanceTimersByTimeAsync(2000);
    expect(lines()).toEqual(['first']);
    log += 'second\n';
    await jest.advanceTimersByTimeAsync(2000);
    expect(lines()).toEqual(['first', 'second']);
    log = 'anew\n';
    await jest.advanceTimersByTimeAsync(2000);
    expect(lines()).toEqual(['anew']);
    seen = false;
    const before = asked;
    await jest.advanceTimersByTimeAsync(60_000);
    expect(asked - before).toBeLessThanOrEqual(1);
    reader.dispose();
    expect(reader.isDisposed).toBe(true);
  });
});
