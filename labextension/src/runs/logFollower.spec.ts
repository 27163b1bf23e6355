import { Signal } from '@lumino/signaling';

import { ApiError, type Client, type ILogQuery, type LogChunk } from '../api';
import type { EventStream, LabwrightEvent } from '../events/stream';
import { LogFollower } from './logFollower';

const settled = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 30));

/** A log that grows on the server, and events that tell of it. */
class Source {
  text = '';
  asked: number[] = [];
  event = new Signal<this, LabwrightEvent>(this);
  resync = new Signal<this, void>(this);

  log = async (
    _run: string,
    _step: string,
    query: ILogQuery = {}
  ): Promise<LogChunk> => {
    const offset = query.offset ?? 0;
    this.asked.push(offset);
    return {
      text: this.text.slice(offset),
      offset,
      next: this.text.length,
      end: false
    };
  };

  print(text: string, told = true): void {
    const offset = this.text.length;
    this.text += text;
    if (told) {
      this.event.emit({
        type: 'log',
        epoch: 'a',
        seq: offset,
        run_id: 'r',
        target: 'local',
        step: 's',
        iteration: null,
        offset,
        text
      });
    }
  }

  follow(): LogFollower {
    const client = this as unknown as Client;
    return new LogFollower(client, this as unknown as EventStream, 'r', 's', null);
  }
}

const lines = ({ buffer }: LogFollower): string[] =>
  Array.from({ length: buffer.length }, (_, i) => buffer.line(i).text);

describe('LogFollower', () => {
  it('reads what there is, and then only listens', async () => {
    const source = new Source();
    source.print('one\n', false);
    const follower = source.follow();
    await settled();
    source.print('two\n');
    source.print('three\n');
    expect(lines(follower)).toEqual(['one', 'two', 'three']);
    expect(source.asked).toEqual([0, 4]);
  });

  it('reads what it missed', async () => {
    const source = new Source();
    const follower = source.follow();
    await settled();
    source.print('lost\n', false);
    source.print('heard\n');
    await settled();
    expect(lines(follower)).toEqual(['lost', 'heard']);
    source.print('while away\n', false);
    source.resync.emit();
    await settled();
    expect(lines(follower)).toEqual(['lost', 'heard', 'while away']);
  });

  it('takes a log that is not there yet for an empty one', async () => {
    const source = new Source();
    const read = source.log;
    source.log = () => Promise.reject(new ApiError('not-found', 'no log', null, 404));
    const follower = source.follow();
    await settled();
    expect([follower.loaded, follower.error]).toEqual([true, null]);
    source.log = read;
    source.print('first\n');
    await settled();
    expect(lines(follower)).toEqual(['first']);
  });

  it('says why it cannot be read, and listens no more once it is disposed', async () => {
    const source = new Source();
    source.log = () => Promise.reject(new ApiError('internal', 'disk', null, 500));
    const follower = source.follow();
    await settled();
    expect(follower.error?.message).toBe('disk');
    follower.dispose();
    source.print('later\n');
    expect(follower.buffer.length).toBe(0);
  });
});
