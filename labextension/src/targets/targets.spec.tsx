import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { act, fireEvent, render, screen } from '@testing-library/react';
import { useState } from 'react';

import type { Client, Target } from '../api';
import { PlaceFields, type IPlace } from '../dialogs/place';
import type { EventStream, LabwrightEvent } from '../events/stream';
import { offers, pageOf, TargetsModel } from './model';
import { target } from './samples';
import { limits, placeText } from './words';

const trans = nullTranslator.load('labwright');

function known(...all: Target[]) {
  const events = {
    event: new Signal<object, LabwrightEvent>({}),
    resync: new Signal<object, void>({})
  };
  const client = { asked: 0, targets: async () => (client.asked++, all) };
  const model = new TargetsModel(client, events as unknown as EventStream);
  return { client, events, model };
}

describe('TargetsModel', () => {
  it('is read anew when a target comes or goes, and not for less', async () => {
    const { client, events, model } = known(target('local'), target('cluster'));
    events.resync.emit();
    await model.refresh();
    expect(client.asked).toBe(1);
    const event = { type: 'target' as const, epoch: 'a', seq: 1, target: 'cluster' };
    events.event.emit({ ...event, state: 'watched' });
    expect(client.asked).toBe(1);
    events.event.emit({ ...event, state: 'lost', message: 'no answer' });
    await model.refresh();
    expect(client.asked).toBe(2);
    expect(model.schedulers.map(({ name }) => name)).toEqual(['cluster']);
  });

  it('knows what runs offer, here even before it was read', async () => {
    const { model } = known(target('local'), target('cluster'));
    const [here, far] = [{ target: 'local' }, { target: 'cluster' }];
    expect([offers(model, here, 'resume'), offers(model, far, 'archive')]).toEqual([
      true,
      false
    ]);
    await model.refresh();
    expect([offers(model, far, 'archive'), offers(model, far, 'resume')]).toEqual([
      true,
      false
    ]);
    expect(pageOf(model, { run_id: 'r', target: 'cluster' })).toBe(
      'https://cluster.example/pipeline/#/runs/details/r'
    );
    expect(pageOf(model, { run_id: 'r', target: 'local' })).toBeNull();
  });
});

it('says what a target is, why it does not answer, and what it cannot do', () => {
  expect(placeText(target('local'), trans)).toBe('4 CPUs, 8 GiB');
  expect(placeText(target('cluster'), trans)).toBe(
    'https://cluster.example/pipeline, namespace team-a, version 2.15.0'
  );
  const away = target('cluster', { available: false, reason: 'no answer' });
  expect(placeText(away, trans)).toBe('Does not answer: no answer');
  expect(limits(target('local'), trans)).toEqual([]);
  expect(limits(target('cluster'), trans)).toHaveLength(3);
});

describe('the fields of a place', () => {
  const choose = (label: string, value: string): Promise<void> =>
    act(
      async () =>
        void fireEvent.change(screen.getByLabelText(label), { target: { value } })
    );

  async function show(): Promise<IPlace[]> {
    const away = target('away', { available: false, reason: 'no route to it' });
    const { model } = known(target('local'), target('cluster'), away);
    await model.refresh();
    const client = { experiments: async () => ['first'] } as unknown as Client;
    const heard: IPlace[] = [];
    function Fields(): JSX.Element {
      const [place, setPlace] = useState<IPlace>({
        target: 'local',
        name: '',
        experiment: ''
      });
      heard.push(place);
      return (
        <PlaceFields
          client={client}
          targets={model}
          offered={() => true}
          pipeline="digits"
          value={place}
          onChange={part => setPlace({ ...place, ...part })}
          trans={trans}
        />
      );
    }
    await act(async () => void render(<Fields />));
    return heard;
  }

  it('take a name where the target has names', async () => {
    const heard = await show();
    expect(screen.queryByLabelText('Name')).toBeNull();
    await choose('Target', 'cluster');
    await choose('Name', 'nightly');
    expect(heard[heard.length - 1]).toMatchObject({
      target: 'cluster',
      name: 'nightly'
    });
    expect(screen.getByText(/cannot be resumed/)).toBeTruthy();
  });

  it('say why a target does not answer', async () => {
    await show();
    await choose('Target', 'away');
    expect(screen.getByText('Does not answer: no route to it')).toBeTruthy();
    expect(screen.getByText('away (does not answer)')).toBeTruthy();
  });
});
