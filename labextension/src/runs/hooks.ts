import type { ISignal } from '@lumino/signaling';
import { createContext, useContext, useEffect, useReducer, useState } from 'react';
import type { CommandRegistry } from '@lumino/commands';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';

import type { IWorkbench } from '../tokens';
import type { LiveRun } from './liveRun';
import type { Focus } from './selection';

/** What every part of the runs' panels needs. */
export interface IRunsPanel extends Omit<IWorkbench, 'servers'> {
  readonly commands: CommandRegistry;
  readonly focus: Focus;
  readonly rendermime: IRenderMimeRegistry;
}

export const PanelContext = createContext<IRunsPanel | null>(null);

export function usePanel(): IRunsPanel {
  const panel = useContext(PanelContext);
  if (!panel) {
    throw new Error('A part of the runs panel is drawn outside of it.');
  }
  return panel;
}

/** Draw anew whenever the signal is emitted (and `about` says that it concerns us). */
export function useSignal<T>(
  signal: ISignal<unknown, T>,
  about?: (args: T) => boolean
): void {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const slot = (_: unknown, args: T): void => {
      if (!about || about(args)) {
        redraw();
      }
    };
    signal.connect(slot);
    redraw(); // it may have been emitted since we were drawn
    return () => void signal.disconnect(slot);
    // `about` reads nothing that changes without the signal changing too.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [signal]);
}

/** The time, moved on every `ms` while `ticking`: for what is shown only, nothing is asked. */
export function useNow(ticking: boolean, ms = 1000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    setNow(Date.now());
    if (!ticking) {
      return;
    }
    const timer = window.setInterval(() => setNow(Date.now()), ms);
    return () => window.clearInterval(timer);
  }, [ticking, ms]);
  return now;
}

export function useLiveRun(runId: string): LiveRun {
  const { runs } = usePanel();
  const live = runs.follow(runId);
  useEffect(() => runs.hold(runId), [runs, runId]);
  useSignal(live.changed);
  useEffect(() => {
    if (!live.run && !live.error) {
      live.ready().catch(() => undefined); // the view shows `live.error`
    }
  }, [live]);
  return live;
}
