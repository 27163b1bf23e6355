import type { TranslationBundle } from '@jupyterlab/translation';
import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';

import type { Client, Run, RunRequest, RunSummary, Started } from './api/client';
import type { EventStream } from './events/stream';
import type { RunFilter } from './runs/filter';
import type { Listing } from './runs/listing';
import type { LiveRun } from './runs/liveRun';
import type { SchedulesModel } from './schedules/model';
import type { ServersModel } from './servers/model';
import type { TargetsModel } from './targets/model';

/** What the list of runs shows. */
export type IListed = Pick<
  Listing,
  'ids' | 'total' | 'loaded' | 'filter' | 'get' | 'remarks'
>;

/** The runs this browser knows of, by their keys, kept true by the event stream. */
export interface IRunsModel extends IDisposable {
  /** Something in `summaries` or in a run read with `run` changed; the ids, null for "any". */
  readonly changed: ISignal<IRunsModel, readonly string[] | null>;
  /** The newest first, as far as they were read. */
  readonly summaries: readonly RunSummary[];
  /** A run with its steps, from memory where it is fresh. */
  run(runId: string): Promise<Run>;
  start(request: RunRequest): Promise<Started>;
  cancel(runId: string): Promise<RunSummary>;
  retry(runId: string): Promise<RunSummary>;
  resume(runId: string): Promise<RunSummary>;
  remove(runId: string): Promise<void>;
  /** Take a run out of the lists; all of it is kept. */
  archive(runId: string): Promise<void>;
  /** A run that was seen active has come to its end. */
  readonly ended: ISignal<IRunsModel, RunSummary>;
  /** Runs that wait, run or are being stopped, whatever the list shows. */
  readonly active: readonly RunSummary[];
  /** What the list shows, and why it could not be read. */
  readonly listing: IListed;
  readonly error: Error | null;
  narrow(filter: RunFilter): Promise<void>;
  /** Have the list loaded up to this place at least. */
  reach(index: number): Promise<void>;
  /** Read all state anew. */
  refresh(): Promise<void>;
  /** A run with its steps and its own signal; `hold` keeps it current until it is let go. */
  follow(runId: string): LiveRun;
  hold(runId: string): () => void;
}

/** What every part of the extension shares. */
export interface IWorkbench {
  readonly client: Client;
  readonly events: EventStream;
  readonly runs: IRunsModel;
  readonly targets: TargetsModel;
  readonly schedules: SchedulesModel;
  readonly servers: ServersModel;
  readonly trans: TranslationBundle;
}

export const IWorkbench = new Token<IWorkbench>(
  'labwright:IWorkbench',
  "The client, events, targets, runs, schedules and servers of Labwright's panels."
);

/** The left sidebar: one panel, whose sections open and close one by one. */
export interface ISidebar {
  /**
   * Add a section; `section.title.label` is its heading. Lower ranks stand higher.
   * A section with a `toolbar` (as JupyterLab's PanelWithToolbar has) gets it in its heading.
   */
  add(section: Widget, rank: number): IDisposable;
  /** Show the sidebar, with this section open. */
  reveal(section: Widget): void;
}

export const ISidebar = new Token<ISidebar>(
  'labwright:ISidebar',
  "Labwright's panel in the left sidebar."
);

export namespace CommandIDs {
  // The pipeline of the current notebook.
  export const run = 'labwright:run';
  export const runWith = 'labwright:run-with';
  export const runFromHere = 'labwright:run-from-here';
  export const runUpToHere = 'labwright:run-up-to-here';
  export const runStale = 'labwright:run-stale';
  export const schedule = 'labwright:schedule';
  export const markStep = 'labwright:mark-step';
  export const mergeStep = 'labwright:merge-step';
  export const skipCell = 'labwright:skip-cell';
  export const markRole = 'labwright:mark-role';
  export const suggestSteps = 'labwright:suggest-steps';
  export const goToStep = 'labwright:go-to-step';
  export const newPipeline = 'labwright:new-pipeline';
  export const showPipeline = 'labwright:show-pipeline';
  export const showInspector = 'labwright:show-inspector';
  export const renameStep = 'labwright:rename-step';
  export const clearMarks = 'labwright:clear-marks';
  export const moveToStep = 'labwright:move-to-step';
  // Runs.
  export const showRuns = 'labwright:show-runs';
  export const openRun = 'labwright:open-run';
  export const cancelRun = 'labwright:cancel-run';
  export const retryRun = 'labwright:retry-run';
  export const resumeRun = 'labwright:resume-run';
  export const archiveRun = 'labwright:archive-run';
  export const deleteRun = 'labwright:delete-run';
  export const openInTarget = 'labwright:open-in-target';
  export const refreshRuns = 'labwright:refresh-runs';
  export const compareRuns = 'labwright:compare-runs';
  export const openExecuted = 'labwright:open-executed';
  export const openSource = 'labwright:open-source';
  export const openNotebook = 'labwright:open-notebook';
  export const openPage = 'labwright:open-page';
  // Notebook servers.
  export const showServers = 'labwright:show-servers';
  export const newServer = 'labwright:new-server';
  export const openServer = 'labwright:open-server';
  export const startServer = 'labwright:start-server';
  export const stopServer = 'labwright:stop-server';
  export const restartServer = 'labwright:restart-server';
  export const editServer = 'labwright:edit-server';
  export const deleteServer = 'labwright:delete-server';
  export const showServerLog = 'labwright:show-server-log';
  export const newVolume = 'labwright:new-volume';
  export const refreshServers = 'labwright:refresh-servers';
}
