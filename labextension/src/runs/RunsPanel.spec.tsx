import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { act, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';

import type { Client, IRunQuery, Remark, RunSummary, Schedule, Target } from '../api';
import type { EventStream } from '../events/stream';
import { SchedulesModel } from '../schedules/model';
import { schedule, target } from '../targets/samples';
import { TargetsModel } from '../targets/model';
import { CommandIDs } from '../tokens';
import { PanelContext, type IRunsPanel } from './hooks';
import { RunsModel } from './model';
import { RunsPanel } from './RunsPanel';
import { summary } from './samples';
import { Focus } from './selection';

const opened: unknown[] = [];

interface IMore {
  targets?: Target[];
  schedules?: Schedule[];
  away?: Remark[];
}

async function show(
  runs: RunSummary[],
  { targets = [], schedules = [], away = [] }: IMore = {}
): Promise<IRunsPanel> {
  const client = {
    runs: async (query: IRunQuery) => {
      const found = runs.filter(
        run =>
          (!query.state || run.state === query.state) &&
          (!query.text || run.name.includes(query.text))
      );
      const from = Number(query.cursor ?? 0);
      const behind = from + (query.limit ?? 100);
      return {
        runs: found.slice(from, behind),
        next: behind < found.length ? String(behind) : null,
        total: found.length,
        remarks: away
      };
    },
    targets: async () => targets,
    schedules: async () => ({ schedules, next: null, total: 0, remarks: [] }),
    switchSchedule: async (one: Schedule, enabled: boolean) => ({ ...one, enabled })
  } as unknown as Client;
  const events = {
    event: new Signal({}),
    resync: new Signal({}),
    connectedChanged: new Signal({}),
    connected: true
  } as unknown as EventStream;
  const commands = new CommandRegistry();
  opened.length = 0;
  commands.addCommand(CommandIDs.openRun, {
    execute: args => void opened.push(args.runId)
  });
  const places = new TargetsModel(client, events);
  const panel = {
    client,
    events,
    commands,
    runs: new RunsModel(client, events),
    targets: places,
    schedules: new SchedulesModel(client, places),
    focus: new Focus(),
    trans: nullTranslator.load('labwright')
  } as unknown as IRunsPanel;
  render(
    <PanelContext.Provider value={panel}>
      <RunsPanel />
    </PanelContext.Provider>
  );
  await act(async () => {
    await Promise.all([panel.runs.refresh(), places.refresh()]);
    await new Promise(resolve => setTimeout(resolve, 40));
  });
  return panel;
}

describe('the panel of runs', () => {
  beforeAll(() => {
    // jsdom lays nothing out: ten rows have room.
    const size = { configurable: true, value: 460 };
    Object.defineProperty(HTMLElement.prototype, 'clientHeight', size);
    Object.defineProperty(HTMLElement.prototype, 'clientWidth', size);
  });

  it('says what to do where there is no run', async () => {
    await show([]);
    expect(screen.getByText('No runs yet')).toBeTruthy();
    expect(screen.queryByRole('search')).toBeNull();
  });

  it('draws the rows in sight, out of thousands', async () => {
    const runs = Array.from({ length: 5000 }, (_, i) => summary(5000 - i));
    await show(runs);
    const list = within(screen.getByRole('listbox'));
    const rows = list.getAllByRole('option');
    expect(rows.length).toBeGreaterThan(9);
    expect(rows.length).toBeLessThan(30);
    expect(rows[0].getAttribute('aria-setsize')).toBe('5000');
    expect(screen.getByText('5000 runs')).toBeTruthy();
  });

  it('is worked by keyboard alone', async () => {
    const panel = await show([summary(3), summary(2), summary(1)]);
    const user = userEvent.setup();
    await act(() => screen.getByRole('listbox').focus());
    await user.keyboard('{ArrowDown}{ArrowDown}{Enter}');
    expect(opened).toEqual(['r2']);
    await user.keyboard('{Shift>}{ArrowDown}{/Shift}');
    expect(panel.focus.ids).toEqual(['r2', 'r1']);
    expect(screen.getByText('2 selected')).toBeTruthy();
    const listbox = screen.getByRole('listbox');
    expect(listbox.getAttribute('aria-activedescendant')).toBe('jp-lw-run-r1');
  });

  it('asks for what a person filters, and offers the way back', async () => {
    const panel = await show([
      summary(2, { state: 'FAILED', error: 'step a: E' }),
      summary(1)
    ]);
    const user = userEvent.setup();
    await user.selectOptions(screen.getByLabelText('State'), 'FAILED');
    expect(await screen.findByText('1 run matches')).toBeTruthy();
    expect(screen.getByText('step a: E')).toBeTruthy();
    await user.type(screen.getByRole('searchbox'), 'no such');
    await user.click(await screen.findByText('Show all runs'));
    expect(await screen.findByText('2 runs')).toBeTruthy();
    expect(panel.runs.listing.filter.text).toBe('');
    expect(screen.getByRole<HTMLInputElement>('searchbox').value).toBe('');
  });

  it('says where runs are that are not here, and lets choose', async () => {
    const runs = [summary(2, { target: 'cluster' }), summary(1)];
    await show(runs, { targets: [target('local'), target('cluster')] });
    const far = screen.getByRole('option', { name: /on cluster/ });
    expect(within(far).getByText('cluster')).toBeTruthy();
    expect(far.dataset.runId).toBe('r2@cluster');
    const choice = screen.getByLabelText<HTMLSelectElement>('Target');
    expect([...choice.options].map(option => option.text)).toEqual([
      'Any target',
      'This machine',
      'cluster'
    ]);
  });

  it('names a target that does not answer beside the runs of the others', async () => {
    await show([summary(1)], {
      targets: [target('local'), target('cluster', { available: false })],
      away: [{ target: 'cluster', message: 'cluster: no answer within 2 seconds' }]
    });
    expect(screen.getByText('no answer within 2 seconds')).toBeTruthy();
    expect(screen.getAllByRole('option', { name: /^digits/ })).toHaveLength(1);
  });

  it('has schedules only where a target offers them', async () => {
    await show([summary(1)], { targets: [target('local')] });
    expect(screen.queryByText('Schedules')).toBeNull();
  });

  it('pauses a schedule', async () => {
    const far = target('cluster');
    await show([], {
      targets: [target('local'), far],
      schedules: [schedule('nightly')]
    });
    const user = userEvent.setup();
    await user.click(screen.getByText('Schedules'));
    expect(await screen.findByText('At 03:00, every day, in UTC')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Pause nightly' }));
    expect(await screen.findByRole('button', { name: 'Resume nightly' })).toBeTruthy();
    expect(screen.getByText('paused')).toBeTruthy();
  });
});
