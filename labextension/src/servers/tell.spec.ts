import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';

import { ApiError, type FollowedLog, type Server } from '../api';
import { LogReader, type ILogSources } from './logReader';
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
  const LONG = 60_000;

  /** A server that tells pieces of its log, and whose connection may break. */
  function followed() {
    const asked: { offset: number; log: string }[] = [];
    let tell: (piece: FollowedLog | Error | null) => void = () => undefined;
    let open = 0;
    const sources = {
      client: {
        async *followServerLog(
          _: unknown,
          since: (typeof asked)[0],
          signal: AbortSignal
        ) {
          asked.push(since);
          open += 1;
          signal.addEventListener('abort', () => tell(null));
          try {
            for (;;) {
              const piece = await new Promise<FollowedLog | Error | null>(
                done => (tell = done)
              );
              if (piece instanceof Error) {
                throw piece;
              }
              if (piece === null) {
                return;
              }
              yield piece;
            }
          } finally {
            open -= 1;
          }
        }
      },
      servers: { moved: new Signal<object, object>({}) },
      events: { resync: new Signal<object, void>({}) }
    };
    const reader = new LogReader(sources as unknown as ILogSources, server('work'));
    const lines = (): string[] =>
      Array.from(
        { length: reader.buffer.length },
        (_, i) => reader.buffer.line(i).text
      );
    const print = async (text: string, offset: number, more = {}): Promise<void> => {
      const next = offset + text.length;
      tell({ text, offset, next, end: false, log: 'first', ...more });
      await jest.advanceTimersByTimeAsync(0);
    };
    const lose = async (error: Error | null): Promise<void> => {
      tell(error);
      await jest.advanceTimersByTimeAsync(0);
    };
    return { asked, lines, lose, open: () => open, print, reader, sources };
  }

  it('follows while it is seen, from where it left off', async () => {
    const { asked, lines, open, print, reader } = followed();
    await jest.advanceTimersByTimeAsync(LONG);
    expect(asked).toEqual([]);
    reader.seen = true;
    await print('first\n', 0);
    await print('second\n', 6);
    expect(lines()).toEqual(['first', 'second']);
    reader.seen = false;
    await jest.advanceTimersByTimeAsync(LONG);
    expect([asked.length, open()]).toEqual([1, 0]);
    reader.seen = true;
    await print('third\n', 13);
    expect(lines()).toEqual(['first', 'second', 'third']);
    expect(asked[1]).toEqual({ offset: 13, log: 'first' });
    // Another start of the server, or a log that was cut short.
    await print('anew, and longer than before\n', 0, { log: 'second' });
    expect(lines()).toEqual(['anew, and longer than before']);
    await print('cut\n', 0, { log: 'second' });
    expect(lines()).toEqual(['cut']);
    reader.dispose();
    await jest.advanceTimersByTimeAsync(LONG);
    expect([asked.length, open(), reader.isDisposed]).toEqual([2, 0, true]);
  });

  it('asks again for what was lost, later each time, and says why it must', async () => {
    const { asked, lines, lose, print, reader, sources } = followed();
    reader.seen = true;
    await print('first\n', 0);
    await lose(null);
    expect(reader.error).toBeNull();
    await jest.advanceTimersByTimeAsync(1000);
    expect(asked[1]).toEqual({ offset: 6, log: 'first' });
    await lose(new Error('no answer'));
    expect(reader.error?.message).toBe('no answer');
    const before = asked.length;
    sources.events.resync.emit(); // the Jupyter server is there again
    await jest.advanceTimersByTimeAsync(0);
    expect(asked.length).toBe(before + 1);
    await print('second\n', 6);
    expect([reader.error, lines()]).toEqual([null, ['first', 'second']]);
    reader.dispose();
  });

  it('asks no more once the log is over, until its server starts again', async () => {
    const { asked, lines, lose, print, reader, sources } = followed();
    reader.seen = true;
    await print('last\n', 0, { end: true });
    await lose(null);
    await jest.advanceTimersByTimeAsync(10 * LONG);
    expect(asked.length).toBe(1);
    const move = (state: string, name = 'work'): void =>
      sources.servers.moved.emit({
        before: null,
        server: server(name, { state } as object)
      });
    move('STOPPED');
    move('STARTING', 'other');
    await jest.advanceTimersByTimeAsync(0);
    expect(asked.length).toBe(1);
    move('STARTING');
    await print('anew\n', 0, { log: 'second' });
    expect([asked.length, lines()]).toEqual([2, ['anew']]);
    // What is deleted is asked for no more.
    await lose(null);
    await jest.advanceTimersByTimeAsync(1000);
    await lose(new ApiError('not-found', 'there is no server', null, 404));
    await jest.advanceTimersByTimeAsync(10 * LONG);
    expect([asked.length, reader.error?.message]).toEqual([3, 'there is no server']);
    reader.dispose();
  });
});
