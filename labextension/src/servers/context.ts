import type { CommandRegistry } from '@lumino/commands';
import { createContext, useContext } from 'react';

import type { IWorkbench } from '../tokens';

/** What every part of the servers' panel needs. */
export interface IServersPanel extends Pick<
  IWorkbench,
  'client' | 'events' | 'servers' | 'targets' | 'trans'
> {
  readonly commands: CommandRegistry;
}

export const ServersContext = createContext<IServersPanel | null>(null);

export function useServers(): IServersPanel {
  const panel = useContext(ServersContext);
  if (!panel) {
    throw new Error('A part of the servers panel is drawn outside of it.');
  }
  return panel;
}
