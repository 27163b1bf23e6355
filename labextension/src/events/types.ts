/** What the agent says, as Jupyter's event bus brings it to the browser. */

import type { Iteration, RunSummary, Step } from '../api/types';

interface INumbered {
  /** Names one life of the agent; `seq` counts its events without a gap. */
  readonly epoch: string;
  readonly seq: number;
}

export interface IRunEvent extends INumbered {
  readonly type: 'run';
  readonly run: RunSummary;
}

export interface IStepEvent extends INumbered {
  readonly type: 'step';
  readonly run_id: string;
  readonly step: Step;
}

export interface ILogEvent extends INumbered {
  readonly type: 'log';
  readonly run_id: string;
  readonly step: string;
  readonly iteration: Iteration;
  /** Where `text` begins in the step's log, in bytes of UTF-8. */
  readonly offset: number;
  readonly text: string;
}

export interface IDeletedEvent extends INumbered {
  readonly type: 'deleted';
  readonly run_id: string;
}

/** The server found an agent, or lost it. */
export interface IAgentEvent {
  readonly type: 'agent';
  readonly state: 'connected' | 'lost';
  readonly epoch: string | null;
}

export type LabwrightEvent =
  IRunEvent | IStepEvent | ILogEvent | IDeletedEvent | IAgentEvent;

const PREFIX = 'https://events.labwright.dev/';

/** The event in a message of `/api/events/subscribe`, or null where it is another program's. */
export function readEvent(text: string): LabwrightEvent | null {
  const { schema_id: schema, ...data } = JSON.parse(text);
  if (typeof schema !== 'string' || !schema.startsWith(PREFIX)) {
    return null;
  }
  return schema.startsWith(`${PREFIX}agent/`) ? { type: 'agent', ...data } : data;
}
