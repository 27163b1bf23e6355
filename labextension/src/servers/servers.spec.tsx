import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import type { JSONObject } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';
import { act, fireEvent, render, screen, within } from '@testing-library/react';

import { ApiError, type Client, type Server, type ServerOptions } from '../api';
import type { EventStream, LabwrightEvent } from '../events/stream';
import type { TargetsModel } from '../targets/model';
import { target } from '../targets/samples';
import { CommandIDs } from '../tokens';
import { ServersContext, type IServersPanel } from './context';
import { DeleteForm } from './dialogs';
import { keyOf, ServersModel } from './model';
import { clusterOptions, image, mount, options, server, volume } from './samples';
import { ServersPanel } from './ServersPanel';
import { asForm, changeOf, changeSchema } from './form';
import { ChangeForm, SpawnForm } from './SpawnForm';
import type { ISpawnChoice } from './spawn';

const trans = nullTranslator.load('labwright');

/** A Jupyter server with these notebook servers. */
function known(...all: Server[]) {
  const events = {
    event: new Signal<object, LabwrightEvent>({}),
    resync: new Signal<object, void>({}),
    connectedChanged: new Signal<object, boolean>({}),
    connected: true
  };
  const targets = {
    changed: new Signal<object, void>({}),
    hosts: [target('local')],
    get: () => target('local')
  };
  const client = {
    all,
    away: [] as { target: string; message: string }[],
    asked: { volumes: 0, images: 0 },
    servers: async () => ({ servers: [...client.all], remarks: client.away }),
    createServer: async ({ name }: { name: string }) => server(name),
    changeServer: async (one: Server, change: object) => ({ ...one, ...change }),
    moveServer: async (one: Server, verb: string) => ({
      ...one,
      state: verb === 'stop' ? ('STOPPING' as const) : ('STARTING' as const)
    }),
    removeServer: async (one: Server): Promise<void> => {
      client.all = client.all.filter(({ name }) => name !== one.name);
      throw new ApiError('not-found', 'gone', null, 404);
    },
    volumes: async () => {
      client.asked.volumes += 1;
      return { volumes: [volume('work-home', { used_by: ['work'] })], remarks: [] };
    },
    images: async () => {
      client.asked.images += 1;
      return {
        images: [
          image('base', { used_by: 2, packages: ['numpy 2'] }),
          image('old', { deprecated: true, redirect: 'base' }),
          image('secret', { hidden: true })
        ],
        remarks: []
      };
    },
    serverOptions: async (): Promise<ServerOptions> => options()
  };
  const model = new ServersModel(
    client as unknown as Client,
    events as unknown as EventStream,
    targets as unknown as TargetsModel
  );
  return { client, events, model, targets };
}

type Known = ReturnType<typeof known>;
const names = ({ all }: ServersModel): string[] => all.map(({ name }) => name);
const event = { epoch: 'a', seq: 1, target: 'local' } as const;

describe('ServersModel', () => {
  it('is read once a target has servers, and kept true by events', async () => {
    const { client, events, model, targets } = known(server('work'));
    const changed = new Promise<void>(done => model.changed.connect(() => done()));
    targets.changed.emit();
    await changed;
    expect(names(model)).toEqual(['work']);
    const newer = server('newer', { created_at: '2026-01-02T00:00:00Z' });
    events.event.emit({ ...event, type: 'server', server: newer });
    expect(names(model)).toEqual(['newer', 'work']);
    events.event.emit({ ...event, type: 'server-deleted', name: 'work' });
    expect(names(model)).toEqual(['newer']);
    // Nobody looks at them yet.
    expect(client.asked).toEqual({ volumes: 0, images: 0 });
  });

  it('says what has moved, once', async () => {
    const { events, model } = known(server('work', { state: 'STARTING' }));
    await model.refresh();
    const moves: string[] = [];
    model.moved.connect((_, { before, server: after }) =>
      moves.push(`${before?.state} ${after.state}`)
    );
    const running = server('work');
    events.event.emit({ ...event, type: 'server', server: running });
    events.event.emit({ ...event, type: 'server', server: running });
    expect(moves).toEqual(['STARTING RUNNING']);
  });

  it('drops a list that is older than what was told meanwhile', async () => {
    const { client, events, model } = known(server('work', { state: 'STARTING' }));
    let answer: () => void = () => undefined;
    const late = client.servers();
    client.servers = async () => {
      await new Promise<void>(done => (answer = done));
      return late;
    };
    const reading = model.refresh();
    events.event.emit({ ...event, type: 'server', server: server('work') });
    answer();
    await reading;
    expect(model.get('work@local')?.state).toBe('RUNNING');
  });

  it('keeps servers of a target that does not answer', async () => {
    const { client, model } = known(server('far', { target: 'cluster' }));
    await model.refresh();
    client.all = [];
    client.away = [{ target: 'cluster', message: 'no answer' }];
    await model.refresh();
    expect(names(model)).toEqual(['far']);
    client.away = [];
    await model.refresh();
    expect(names(model)).toEqual([]);
  });

  it('takes what others deleted for deleted, and knows who stopped a server', async () => {
    const { events, model } = known(server('work'), server('other'));
    await model.refresh();
    const [other, work] = [model.get('other@local')!, model.get('work@local')!];
    await model.move(work, 'stop');
    expect([model.stoppedHere(work), model.stoppedHere(other)]).toEqual([true, false]);
    expect(model.get('work@local')?.state).toBe('STOPPING');
    await model.move(work, 'start');
    expect(model.stoppedHere(work)).toBe(false);
    // Another one started it meanwhile: who stops it next is not known.
    await model.move(work, 'stop');
    events.event.emit({ ...event, type: 'server', server: server('work') });
    expect(model.stoppedHere(work)).toBe(false);
    await model.remove(work, true);
    expect(names(model)).toEqual(['other']);
  });
});

async function show({ client, events, model, targets }: Known) {
  const commands = new CommandRegistry();
  const ran: string[] = [];
  for (const id of Object.values(CommandIDs)) {
    commands.addCommand(id, {
      label: id,
      execute: args => void ran.push(`${id} ${args.server ?? ''}`)
    });
  }
  await model.refresh();
  const panel = { client, events, servers: model, targets, trans, commands };
  await act(
    async () =>
      void render(
        <ServersContext.Provider value={panel as unknown as IServersPanel}>
          <ServersPanel />
        </ServersContext.Provider>
      )
  );
  return ran;
}

describe('the section Servers', () => {
  it('says in words how each is, why, and what to do next', async () => {
    const ran = await show(
      known(
        server('busy', {
          state: 'STARTING',
          message: 'Pulling the image.',
          progress: [
            { stage: 'scheduled', state: 'done', message: null, at: null },
            { stage: 'image', state: 'doing', message: '2 of 5 layers', at: null },
            { stage: 'ready', state: 'waiting', message: null, at: null }
          ]
        }),
        server('broken', { state: 'FAILED', message: 'No room on any node.' }),
        server('rest', { state: 'STOPPED', stop_reason: 'it was idle for 8h' }),
        server('gpu', { gpu: { count: 2, vendor: 'nvidia.com/gpu' } })
      )
    );
    const row = (name: string) =>
      screen.getByRole('listitem', { name: new RegExp(name) });
    expect(row('busy, Starting').textContent).toContain('Pulling the image.');
    const stages = within(row('busy')).getByRole('list', { name: /How far/ });
    expect(stages.textContent).toContain('Image there: 2 of 5 layers');
    expect(within(stages).getByRole('img', { name: 'under way' })).toBeTruthy();
    expect(row('broken, Failed').textContent).toContain('No room on any node.');
    expect(row('rest, Stopped').textContent).toContain('It was idle for 8h');
    expect(row('gpu, Running').textContent).toContain('2 CPUs, 4Gi, 2 GPUs');
    fireEvent.click(screen.getByRole('button', { name: 'Open gpu' }));
    fireEvent.click(screen.getByRole('button', { name: 'Start rest' }));
    expect(screen.queryByRole('button', { name: 'Open busy' })).toBeNull();
    expect(ran).toEqual([
      `${CommandIDs.openServer} gpu@local`,
      `${CommandIDs.startServer} rest@local`
    ]);
  });

  it('says how long an idle server has left, and that a change waits', async () => {
    const soon = new Date(Date.now() + 125_000).toISOString();
    await show(known(server('work', { stop_at: soon, pending_restart: true })));
    expect(screen.getByText(/^stops in 2 min( \d s)? unless used$/)).toBeTruthy();
    expect(screen.getByText('Changed: takes effect at the next start.')).toBeTruthy();
    expect(screen.getByRole('button', { name: 'Restart work' })).toBeTruthy();
  });

  it('reads volumes and images once they are opened', async () => {
    const there = known(server('work'));
    await show(there);
    expect(there.client.asked).toEqual({ volumes: 0, images: 0 });
    for (const label of ['Volumes', 'Images']) {
      const details = screen.getByText(label).closest('details')!;
      await act(async () => {
        const toggled = new Promise(done =>
          details.addEventListener('toggle', done, { once: true })
        );
        details.open = true;
        await toggled;
      });
    }
    expect(there.client.asked).toEqual({ volumes: 1, images: 1 });
    expect(screen.getByText('1.2 MB of 5Gi · used by work')).toBeTruthy();
    const remove = screen.getByRole('button', { name: 'Delete work-home' });
    expect((remove as HTMLButtonElement).disabled).toBe(true);
    expect(screen.getByText('used by 2 servers')).toBeTruthy();
    expect(screen.getByText('Take base instead.')).toBeTruthy();
    expect(screen.queryByText('secret')).toBeNull();
  });

  it('says what a server is where there is none, and why a target is left out', async () => {
    const there = known();
    there.client.away = [{ target: 'cluster', message: 'cluster: no answer' }];
    const ran = await show(there);
    expect(screen.getByText('No servers yet')).toBeTruthy();
    expect(screen.getByText('cluster: no answer')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'New Server…' }));
    expect(ran).toEqual([`${CommandIDs.newServer} `]);
  });
});

describe('what is asked before a server goes', () => {
  const ask = (one: Server): boolean[] => {
    const heard: boolean[] = [];
    const onChange = (volumes: boolean): void => void heard.push(volumes);
    render(<DeleteForm server={one} trans={trans} onChange={onChange} />);
    return heard;
  };

  it('names the volumes that were made for it, and keeps them unless told', () => {
    const shared = mount('shared', { existing: true, claim: 'team-data' });
    const heard = ask(server('work', { volumes: [mount('home'), shared] }));
    expect(screen.getByText('work-home (5Gi)')).toBeTruthy();
    expect(screen.queryByText(/team-data/)).toBeNull();
    const box = screen.getByRole('checkbox') as HTMLInputElement;
    expect(box.checked).toBe(false);
    fireEvent.click(box);
    expect(heard).toEqual([true]);
  });

  it('says which were made to go with it', () => {
    const scratch = mount('scratch', { reclaim: 'Delete' });
    ask(server('work', { volumes: [scratch] }));
    expect(screen.getByText(/made to go with it/)).toBeTruthy();
    expect(screen.getByText('work-scratch (5Gi)')).toBeTruthy();
    expect(screen.queryByRole('checkbox')).toBeNull();
  });

  it('has no choice where there is none', () => {
    ask(server('work', { volumes: [mount('shared', { existing: true })] }));
    expect(screen.queryByRole('checkbox')).toBeNull();
  });
});

describe('the form of a new server', () => {
  async function form(offers = options()): Promise<ISpawnChoice[]> {
    const { client, model, targets } = known();
    client.serverOptions = async () => offers;
    const heard: ISpawnChoice[] = [];
    const shared = { client, servers: model, targets, translator: nullTranslator };
    await act(
      async () =>
        void render(
          <SpawnForm
            options={shared as never}
            value={{ target: 'local', data: { name: 'server-1' } }}
            error={new Error('there is a server server-1 already')}
            onChange={choice => void heard.push(choice)}
          />
        )
    );
    return heard;
  }

  it('shows what is free, what a profile stands for, and why it failed before', async () => {
    const heard = await form();
    expect(screen.getByText('3 of 8 A100 free')).toBeTruthy();
    expect(screen.getByRole('alert').textContent).toContain('server-1 already');
    const profile = screen.getByLabelText('Profile');
    expect(
      within(profile).getByText('Small training (4 CPUs, 16Gi, 1 GPU)')
    ).toBeTruthy();
    fireEvent.change(profile, { target: { value: 'small-training' } });
    expect(screen.getByText(/Training a small model on one GPU/)).toBeTruthy();
    expect(heard[heard.length - 1].data).toMatchObject({
      name: 'server-1',
      preset: 'small-training'
    });
  });

  it('says why there are no GPUs', async () => {
    await form(options({ gpus: [], not_offered: { gpu: 'this machine has no GPU' } }));
    expect(screen.getByText('this machine has no GPU')).toBeTruthy();
  });
});

describe('the form of a server that is there', () => {
  async function form(offers: ServerOptions, one: Server): Promise<JSONObject[]> {
    const schema = changeSchema(offers, one)!;
    const before = asForm(one, schema);
    const heard: JSONObject[] = [];
    await act(
      async () =>
        void render(
          <ChangeForm
            server={one}
            offers={offers}
            schema={schema}
            value={before}
            error={null}
            translator={nullTranslator}
            onChange={after => void heard.push(changeOf(before, after, schema))}
          />
        )
    );
    await screen.findByLabelText('Memory');
    return heard;
  }
  const last = <T,>(all: T[]): T => all[all.length - 1];

  it('has all that a new one has, as it is now', async () => {
    const heard = await form(
      clusterOptions(),
      server('work', {
        limit_factor: 1.5,
        configurations: ['s3'],
        tolerations: [{ key: 'gpu', operator: 'Exists' }],
        node_selector: { disk: 'ssd' }
      })
    );
    expect(last(heard)).toEqual({});
    const field = (label: string) => screen.getByLabelText(label) as HTMLInputElement;
    expect(field('Limit factor').value).toBe('1.5');
    expect(field('s3').checked).toBe(true);
    const group = field('s3').closest('fieldset')!;
    expect(group.querySelector('legend')?.textContent).toBe('Configurations');
    expect(field('Key').value).toBe('gpu');
    expect(screen.getByDisplayValue('ssd')).toBeTruthy();
    fireEvent.change(field('Limit factor'), { target: { value: '2' } });
    fireEvent.click(field('git'));
    fireEvent.change(screen.getByDisplayValue('ssd'), { target: { value: '' } });
    fireEvent.change(field('Memory'), { target: { value: '8Gi' } });
    expect(last(heard)).toEqual({
      memory: '8Gi',
      limit_factor: 2,
      configurations: ['git', 's3'],
      node_selector: { disk: '' }
    });
  });

  it('says what cannot be chosen there, and why', async () => {
    const why = 'this machine is no cluster';
    await form(options({ not_offered: { tolerations: why } }), server('work'));
    const missing = screen.getByText(why).closest('div')!;
    expect(missing.textContent).toBe(`Tolerations${why}`);
  });
});

it('names servers by their target too', () => {
  expect(keyOf(server('work'))).toBe('work@local');
  expect(keyOf(server('work', { target: 'cluster' }))).toBe('work@cluster');
});
