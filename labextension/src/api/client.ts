import type { INotebookContent } from '@jupyterlab/nbformat';
import { ServerConnection } from '@jupyterlab/services';

import { LOCAL, splitKey } from './key';
import { followAPI } from './lines';
import { apiUrl, Query, requestAPI } from './request';
import type {
  Analysis,
  Comparison,
  Compiled,
  FollowedLog,
  ImageList,
  Iteration,
  LogChunk,
  NotebookSource,
  Preview,
  PreviewRequest,
  Run,
  RunList,
  RunRequest,
  RunSchemas,
  RunSummary,
  Schedule,
  ScheduleList,
  ScheduleRequest,
  Scheduled,
  Server,
  ServerAddress,
  ServerChangeRequest,
  ServerList,
  ServerOptions,
  ServerRequest,
  Started,
  State,
  Status,
  Suggestion,
  Target,
  Volume,
  VolumeList,
  VolumeRequest
} from './types';

export { LOCAL, runKey, splitKey } from './key';
export { ApiError, apiUrl, requestAPI } from './request';
export * from './types';

export interface IRunQuery {
  target?: string;
  experiment?: string;
  state?: State;
  text?: string;
  limit?: number;
  cursor?: string;
}

export interface ILogQuery {
  iteration?: Iteration;
  offset?: number;
  limit?: number;
}

/** A server or a volume, which has its name on its target only. */
export interface IOnTarget {
  readonly name: string;
  readonly target: string;
}

/** One method for each route of the server extension. Runs are named by their keys (`runKey`). */
export class Client {
  constructor(
    readonly settings: ServerConnection.ISettings = ServerConnection.makeSettings()
  ) {}

  status(): Promise<Status> {
    return this.get('status');
  }

  async targets(): Promise<Target[]> {
    return (await this.get<{ targets: Target[] }>('targets')).targets;
  }

  schemas(): Promise<RunSchemas> {
    return this.get('schemas');
  }

  /** The experiments of a target's runs, or of all. */
  async experiments(target?: string): Promise<string[]> {
    const found = await this.get<{ experiments: string[] }>('experiments', { target });
    return found.experiments;
  }

  analyse(source: NotebookSource, signal?: AbortSignal): Promise<Analysis> {
    return this.post('notebooks/analyse', source, signal);
  }

  preview(request: PreviewRequest, signal?: AbortSignal): Promise<Preview> {
    return this.post('notebooks/preview', request, signal);
  }

  async suggest(source: NotebookSource): Promise<Suggestion[]> {
    const found = await this.post<{ suggestions: Suggestion[] }>(
      'notebooks/suggest',
      source
    );
    return found.suggestions;
  }

  compile(source: NotebookSource): Promise<Compiled> {
    return this.post('notebooks/compile', source);
  }

  runs(query: IRunQuery = {}, signal?: AbortSignal): Promise<RunList> {
    return this.get('runs', { ...query }, signal);
  }

  run(key: string, signal?: AbortSignal): Promise<Run> {
    const { path, query } = address(key);
    return this.get(path, query, signal);
  }

  start(request: RunRequest): Promise<Started> {
    return this.post('runs', request);
  }

  cancel(key: string): Promise<RunSummary> {
    return this.change(key, 'cancel');
  }

  retry(key: string): Promise<RunSummary> {
    return this.change(key, 'retry');
  }

  resume(key: string): Promise<RunSummary> {
    return this.change(key, 'resume');
  }

  archive(key: string): Promise<void> {
    return this.change(key, 'archive');
  }

  remove(key: string): Promise<void> {
    const { path, query } = address(key);
    return requestAPI(path, { method: 'DELETE' }, this.settings, query);
  }

  compare(left: string, right: string): Promise<Comparison> {
    const [one, other] = [splitKey(left), splitKey(right)];
    return this.get('runs/compare', {
      left: one.run_id,
      right: other.run_id,
      left_target: elsewhere(one.target),
      right_target: elsewhere(other.target)
    });
  }

  log(
    key: string,
    step: string,
    wanted: ILogQuery = {},
    signal?: AbortSignal
  ): Promise<LogChunk> {
    const { path, query } = address(key, step, 'log');
    return this.get(path, { ...query, ...wanted }, signal);
  }

  /** The notebook as it was when the run began. */
  sourceNotebook(key: string): Promise<INotebookContent> {
    const { path, query } = address(key);
    return this.get(`${path}/notebook`, query);
  }

  executedNotebook(
    key: string,
    step: string,
    iteration: Iteration = null
  ): Promise<INotebookContent> {
    const { path, query } = address(key, step, 'notebook');
    return this.get(path, { ...query, iteration });
  }

  /** The address of a step's executed notebook as a page. */
  pageUrl(key: string, step: string, iteration: Iteration = null): string {
    const { path, query } = address(key, step, 'html');
    return apiUrl(this.settings, path, { ...query, iteration });
  }

  /** The address of the notebook as it was when the run began. */
  sourceUrl(key: string): string {
    const { path, query } = address(key);
    return apiUrl(this.settings, `${path}/notebook`, query);
  }

  /** The address of a step's executed notebook. */
  executedUrl(key: string, step: string, iteration: Iteration = null): string {
    const { path, query } = address(key, step, 'notebook');
    return apiUrl(this.settings, path, { ...query, iteration });
  }

  /** The address of a run's file; `artifact` as a step's value names it. */
  fileUrl(key: string, artifact: string): string {
    const { path, query } = address(key);
    const name = artifact.split('/').map(encodeURIComponent).join('/');
    return apiUrl(this.settings, `${path}/files/${name}`, query);
  }

  schedules(cursor: string | null = null): Promise<ScheduleList> {
    return this.get('schedules', { cursor });
  }

  makeSchedule(request: ScheduleRequest): Promise<Scheduled> {
    return this.post('schedules', request);
  }

  /** Have a schedule make no more runs for now, or go on. */
  switchSchedule(schedule: Schedule, on: boolean): Promise<Schedule> {
    const path = `${schedulePath(schedule)}/${on ? 'unpause' : 'pause'}`;
    return this.post(path, undefined, undefined, { target: schedule.target });
  }

  removeSchedule(schedule: Schedule): Promise<void> {
    const { target } = schedule;
    const init = { method: 'DELETE' };
    return requestAPI(schedulePath(schedule), init, this.settings, { target });
  }

  servers(): Promise<ServerList> {
    return this.get('servers');
  }

  serverOptions(target: string): Promise<ServerOptions> {
    return this.get('server-options', { target });
  }

  createServer(request: ServerRequest): Promise<Server> {
    return this.post('servers', request);
  }

  changeServer(server: IOnTarget, change: ServerChangeRequest): Promise<Server> {
    return this.patch(placeOf('servers', server), change, server);
  }

  moveServer(server: IOnTarget, verb: 'start' | 'stop' | 'restart'): Promise<Server> {
    const { target } = server;
    return this.post(`${placeOf('servers', server)}/${verb}`, undefined, undefined, {
      target
    });
  }

  removeServer(server: IOnTarget, volumes: boolean): Promise<void> {
    const query = { target: server.target, volumes: String(volumes) };
    const init = { method: 'DELETE' };
    return requestAPI(placeOf('servers', server), init, this.settings, query);
  }

  serverAddress(server: IOnTarget): Promise<ServerAddress> {
    const { target } = server;
    return this.get(`${placeOf('servers', server)}/address`, { target });
  }

  /** What it printed since, and what it prints, until `signal` says that this is enough. */
  followServerLog(
    server: IOnTarget,
    since: { offset: number; log: string },
    signal: AbortSignal
  ): AsyncIterable<FollowedLog> {
    const path = `${placeOf('servers', server)}/log/follow`;
    const { target } = server;
    return followAPI(path, this.settings, { target, ...since }, signal);
  }

  volumes(): Promise<VolumeList> {
    return this.get('volumes');
  }

  createVolume(request: VolumeRequest): Promise<Volume> {
    return this.post('volumes', request);
  }

  resizeVolume(volume: IOnTarget, size: string): Promise<Volume> {
    return this.patch(placeOf('volumes', volume), { size }, volume);
  }

  removeVolume(volume: IOnTarget): Promise<void> {
    const { target } = volume;
    const init = { method: 'DELETE' };
    return requestAPI(placeOf('volumes', volume), init, this.settings, { target });
  }

  images(): Promise<ImageList> {
    return this.get('images');
  }

  private patch<T>(path: string, body: object, { target }: IOnTarget): Promise<T> {
    const init = { method: 'PATCH', body: JSON.stringify(body) };
    return requestAPI(path, init, this.settings, { target });
  }

  private change<T>(key: string, verb: string): Promise<T> {
    const { path, query } = address(key);
    return this.post(`${path}/${verb}`, undefined, undefined, query);
  }

  private get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
    return requestAPI(path, { method: 'GET', signal }, this.settings, query);
  }

  private post<T>(
    path: string,
    body?: object,
    signal?: AbortSignal,
    query: Query = {}
  ): Promise<T> {
    const init = { method: 'POST', body: body && JSON.stringify(body), signal };
    return requestAPI(path, init, this.settings, query);
  }
}

/** Where the API has a run, or something of one of its steps. */
function address(
  key: string,
  step?: string,
  what?: string
): { path: string; query: Query } {
  const { run_id: id, target } = splitKey(key);
  const run = `runs/${encodeURIComponent(id)}`;
  return {
    path: step === undefined ? run : `${run}/steps/${encodeURIComponent(step)}/${what}`,
    query: { target: elsewhere(target) }
  };
}

/** A target as a query names it: this machine is meant where none is. */
function elsewhere(target: string): string | null {
  return target === LOCAL ? null : target;
}

function schedulePath({ schedule_id: id }: Schedule): string {
  return `schedules/${encodeURIComponent(id)}`;
}

function placeOf(what: string, { name }: IOnTarget): string {
  return `${what}/${encodeURIComponent(name)}`;
}
