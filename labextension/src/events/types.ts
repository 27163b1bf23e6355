/** What the server says of all targets, as Jupyter's event bus brings it to the browser. */

import type { Iteration, RunSummary, Server, Step, Volume } from '../api/types';

interface INumbered {
  /** Names one life of the server; `seq` counts its events without a gap. */
  readonly epoch: string;
  readonly seq: number;
}

export interface IRunEvent extends INumbered {
  readonly type: 'run';
  readonly run: RunSummary;
}

/** A run on some target, as its own events name it. */
interface IOfRun extends INumbered {
  readonly run_id: string;
  readonly target: string;
}

export interface IStepEvent extends IOfRun {
  readonly type: 'step';
  readonly step: Step;
}

export interface ILogEvent extends IOfRun {
  readonly type: 'log';
  readonly step: string;
  readonly iteration: Iteration;
  /** Where `text` begins in the step's log, in bytes of UTF-8. */
  readonly offset: number;
  readonly text: string;
}

/** Gone from the lists: for good, or archived. */
export interface IDeletedEvent extends IOfRun {
  readonly type: 'deleted' | 'archived';
}

/** Another target answers again, or does not; `watched` means nothing. */
export interface ITargetEvent extends INumbered {
  readonly type: 'target';
  readonly target: string;
  readonly state: 'connected' | 'lost' | 'watched';
  readonly message?: string;
}

interface IOnTargetEvent extends INumbered {
  readonly target: string;
}

export interface IServerEvent extends IOnTargetEvent {
  readonly type: 'server';
  readonly server: Server;
}

export interface IVolumeEvent extends IOnTargetEvent {
  readonly type: 'volume';
  readonly volume: Volume;
}

/** A server, or a volume, is no more. */
export interface IGoneEvent extends IOnTargetEvent {
  readonly type: 'server-deleted' | 'volume-deleted';
  readonly name: string;
}

/** The server found an agent, or lost it. */
export interface IAgentEvent {
  readonly type: 'agent';
  readonly state: 'connected' | 'lost';
  readonly epoch: string | null;
}

export type LabwrightEvent =
  | IRunEvent
  | IStepEvent
  | ILogEvent
  | IDeletedEvent
  | ITargetEvent
  | IServerEvent
  | IVolumeEvent
  | IGoneEvent
  | IAgentEvent;

const PREFIX = 'https://events.labwright.dev/';

/** The event in a message of `/api/events/subscribe`, or null where it is another program's. */
export function readEvent(text: string): LabwrightEvent | null {
  const { schema_id: schema, ...data } = JSON.parse(text);
  if (typeof schema !== 'string' || !schema.startsWith(PREFIX)) {
    return null;
  }
  return schema.startsWith(`${PREFIX}agent/`) ? { type: 'agent', ...data } : data;
}
