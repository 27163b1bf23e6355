import { ServerConnection } from '@jupyterlab/services';

import { Order } from './order';
import { EventStream, LabwrightEvent, readEvent, waitBefore } from './stream';

function numbered(epoch: string, seq: number): LabwrightEvent {
  return { type: 'deleted', epoch, seq, run_id: 'r', target: 'local' };
}

describe('Order', () => {
  it('takes what follows, drops what is known, and notices gaps and a new agent', () => {
    const order = new Order();
    expect(order.check(numbered('a', 7))).toBe('next');
    expect(order.check(numbered('a', 8))).toBe('next');
    expect(order.check(numbered('a', 8))).toBe('old');
    expect(order.check(numbered('a', 10))).toBe('gap');
    expect(order.check(numbered('a', 11))).toBe('next');
    expect(order.check(numbered('b', 1))).toBe('gap');
    expect(order.check(numbered('b', 2))).toBe('next');
  });

  it('begins anew with a connection of the server to an agent', () => {
    const order = new Order();
    order.check(numbered('a', 7));
    expect(order.check({ type: 'agent', state: 'lost', epoch: 'a' })).toBe('next');
    expect(order.check({ type: 'agent', state: 'connected', epoch: 'b' })).toBe('gap');
    expect(order.check(numbered('b', 40))).toBe('next');
  });
});

describe('readEvent', () => {
  it('reads ours and leaves others alone', () => {
    const ours = {
      schema_id: 'https://events.labwright.dev/run/v1',
      type: 'run',
      seq: 1
    };
    expect(readEvent(JSON.stringify(ours))).toEqual({ type: 'run', seq: 1 });
    const agent = { schema_id: 'https://events.labwright.dev/agent/v1', state: 'lost' };
    expect(readEvent(JSON.stringify(agent))).toEqual({ type: 'agent', state: 'lost' });
    expect(readEvent('{"schema_id": "https://events.jupyter.org/x"}')).toBeNull();
  });
});

describe('waitBefore', () => {
  it('doubles, spreads out, and ends at half a minute', () => {
    expect(waitBefore(0, 0)).toBe(250);
    expect(waitBefore(3, 1)).toBe(4000);
    expect(waitBefore(50, 1)).toBe(30_000);
  });
});

class Socket {
  static made: Socket[] = [];
  constructor(readonly url: string) {
    Socket.made.push(this);
  }
  readyState = 0;
  onopen?: () => void;
  onclose?: () => void;
  onmessage?: (message: { data: string }) => void;
  close(): void {}
  say(event: object): void {
    const schema_id = 'https://events.labwright.dev/run/v1';
    this.onmessage?.({ data: JSON.stringify({ schema_id, ...event }) });
  }
}

describe('EventStream', () => {
  it('asks for a new reading at each connection and gap, and comes back by itself', () => {
    jest.useFakeTimers();
    Socket.made = [];
    const settings = ServerConnection.makeSettings({
      WebSocket: Socket as never,
      wsUrl: 'ws://here/base/'
    });
    const stream = new EventStream(settings);
    const heard: string[] = [];
    stream.event.connect((_, event) => heard.push(event.type));
    stream.resync.connect(() => heard.push('resync'));
    expect(Socket.made[0].url).toContain('ws://here/base/api/events/subscribe');

    Socket.made[0].onopen!();
    Socket.made[0].say({ type: 'run', epoch: 'a', seq: 1 });
    Socket.made[0].say({ type: 'run', epoch: 'a', seq: 3 });
    expect(heard).toEqual(['resync', 'run', 'run', 'resync']);

    Socket.made[0].onclose!();
    jest.advanceTimersByTime(600);
    expect(Socket.made).toHaveLength(2);
    Socket.made[1].onopen!();
    expect(heard).toHaveLength(5);

    Socket.made[1].onclose!();
    window.dispatchEvent(new Event('online'));
    expect(Socket.made).toHaveLength(3);
    stream.dispose();
    Socket.made[2].onclose!();
    jest.advanceTimersByTime(60_000);
    expect(Socket.made).toHaveLength(3);
    jest.useRealTimers();
  });
});
