import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import {
  ApiError,
  type Client,
  type Image,
  type IOnTarget,
  type Remark,
  type Server,
  type ServerChangeRequest,
  type ServerRequest,
  type Volume,
  type VolumeRequest
} from '../api';
import type { EventStream, LabwrightEvent } from '../events/stream';
import type { TargetsModel } from '../targets/model';

type ServersClient = Pick<
  Client,
  | 'servers'
  | 'createServer'
  | 'changeServer'
  | 'moveServer'
  | 'removeServer'
  | 'volumes'
  | 'createVolume'
  | 'resizeVolume'
  | 'removeVolume'
  | 'images'
>;

export type Verb = 'start' | 'stop' | 'restart';

/** Lists that are read once somebody looks at them. */
export type Extra = 'volumes' | 'images';

/** How long further changes are waited for before a list is read anew. */
const SETTLE_MS = 500;

/** Names a server, or a volume, among those of all targets. */
export function keyOf({ name, target }: IOnTarget): string {
  return `${name}@${target}`;
}

/** Servers, volumes and images of all targets, kept true by the event stream. */
export class ServersModel implements IDisposable {
  constructor(
    private readonly _client: ServersClient,
    events: Pick<EventStream, 'event' | 'resync'>,
    private readonly _targets: Pick<TargetsModel, 'changed' | 'hosts'>
  ) {
    // Targets are read anew whenever something may have been missed, and so are their servers.
    _targets.changed.connect(this._follow, this);
    events.event.connect(this._onEvent, this);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** A server is otherwise than it was; `before` is null where it is new here. */
  get moved(): ISignal<this, { before: Server | null; server: Server }> {
    return this._moved;
  }

  /** The newest first. */
  get all(): readonly Server[] {
    return this._servers;
  }

  get volumes(): readonly Volume[] {
    return this._volumes;
  }

  get images(): readonly Image[] {
    return this._images;
  }

  /** Why targets are left out. */
  get remarks(): readonly Remark[] {
    return this._remarks;
  }

  /** Why the servers could not be read; null once they could. */
  get error(): Error | null {
    return this._error;
  }

  /** Why a further list could not be read. */
  extraError(what: Extra): Error | null {
    return this._extraErrors.get(what) ?? null;
  }

  get loaded(): boolean {
    return this._loaded;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get(key: string): Server | undefined {
    return this._servers.find(one => keyOf(one) === key);
  }

  /** Whether this browser asked for the stop of a server that stands still now. */
  stoppedHere(server: IOnTarget): boolean {
    return this._stops.has(keyOf(server));
  }

  dispose(): void {
    this._isDisposed = true;
    window.clearTimeout(this._timer);
    Signal.clearData(this);
  }

  /** Read all that is shown anew. */
  async refresh(): Promise<void> {
    await Promise.all([this._readServers(), ...[...this._wanted].map(this._readExtra)]);
  }

  /** Somebody looks at a further list. */
  want(what: Extra): Promise<void> {
    this._wanted.add(what);
    return this._readExtra(what);
  }

  async create(request: ServerRequest): Promise<Server> {
    const made = await this._client.createServer(request);
    this._put(made);
    this._settle();
    return made;
  }

  async change(server: IOnTarget, change: ServerChangeRequest): Promise<Server> {
    const changed = await this._client.changeServer(server, change);
    this._put(changed);
    this._settle();
    return changed;
  }

  async move(server: IOnTarget, verb: Verb): Promise<void> {
    if (verb === 'start') {
      this._stops.delete(keyOf(server));
    } else {
      this._stops.add(keyOf(server));
    }
    this._put(await this._client.moveServer(server, verb));
  }

  /** Delete a server, and with `volumes` those that were made for it. */
  async remove(server: IOnTarget, volumes: boolean): Promise<void> {
    this._stops.add(keyOf(server));
    await gone(this._client.removeServer(server, volumes));
    await this._readServers(); // a cluster takes its time, and says so
    this._settle();
  }

  async createVolume(request: VolumeRequest): Promise<void> {
    await this._client.createVolume(request);
    await this.want('volumes');
  }

  async resizeVolume(volume: IOnTarget, size: string): Promise<void> {
    this._putVolume(await this._client.resizeVolume(volume, size));
  }

  async removeVolume(volume: IOnTarget): Promise<void> {
    await gone(this._client.removeVolume(volume));
    await this._readExtra('volumes');
  }

  private _follow(): void {
    if (this._targets.hosts.length > 0) {
      void this.refresh();
    }
  }

  private async _readServers(): Promise<void> {
    const turn = ++this._turn;
    try {
      const { servers, remarks = [] } = await this._client.servers();
      if (turn === this._turn) {
        const all = [...servers, ...ofAway(remarks, this._servers)];
        const known = new Map(this._servers.map(one => [keyOf(one), one]));
        this._remarks = remarks;
        this._error = null;
        this._servers = newestFirst(all);
        if (this._loaded) {
          all.forEach(one => this._tellMoved(known.get(keyOf(one)) ?? null, one));
        }
        this._tell();
      }
    } catch (error) {
      if (turn === this._turn) {
        this._error = error as Error;
        this._tell();
      }
    }
  }

  private readonly _readExtra = async (what: Extra): Promise<void> => {
    try {
      if (what === 'volumes') {
        const { volumes, remarks = [] } = await this._client.volumes();
        this._volumes = newestFirst([...volumes, ...ofAway(remarks, this._volumes)]);
      } else {
        const { images, remarks = [] } = await this._client.images();
        this._images = [...images, ...ofAway(remarks, this._images)];
      }
      this._extraErrors.delete(what);
    } catch (error) {
      this._extraErrors.set(what, error as Error);
    }
    this._tell();
  };

  private _onEvent(_: unknown, event: LabwrightEvent): void {
    switch (event.type) {
      case 'server':
        this._put(event.server);
        break;
      case 'server-deleted':
        this._turn += 1;
        this._servers = this._servers.filter(one => keyOf(one) !== keyOf(event));
        this._stops.delete(keyOf(event));
        this._settle();
        this._tell();
        break;
      case 'volume':
        // One of them is no list: it is read once somebody wants it.
        if (this._wanted.has('volumes')) {
          this._putVolume(event.volume);
        }
        break;
      case 'volume-deleted':
        this._volumes = this._volumes.filter(one => keyOf(one) !== keyOf(event));
        this._tell();
    }
  }

  /** What is told of one of them is newer than the list that may be on its way. */
  private _put(server: Server): void {
    this._turn += 1;
    const before = this.get(keyOf(server)) ?? null;
    if (!before) {
      this._settle();
    }
    const others = this._servers.filter(one => one !== before);
    this._servers = newestFirst([...others, server]);
    this._tellMoved(before, server);
    this._tell();
  }

  private _tellMoved(before: Server | null, server: Server): void {
    if (server.state === 'RUNNING' && before?.state !== 'RUNNING') {
      this._stops.delete(keyOf(server)); // its next stop is another one
    }
    if (JSON.stringify(before) !== JSON.stringify(server)) {
      this._moved.emit({ before, server });
    }
  }

  private _putVolume(volume: Volume): void {
    const others = this._volumes.filter(one => keyOf(one) !== keyOf(volume));
    this._volumes = newestFirst([...others, volume]);
    this._tell();
  }

  /** Who uses what may have changed: read the lists that say so, once it is quiet. */
  private _settle(): void {
    window.clearTimeout(this._timer);
    this._timer = window.setTimeout(
      () => void Promise.all([...this._wanted].map(this._readExtra)),
      SETTLE_MS
    );
  }

  private _tell(): void {
    this._loaded = true;
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private readonly _moved = new Signal<this, { before: Server | null; server: Server }>(
    this
  );
  private _servers: readonly Server[] = [];
  private _volumes: readonly Volume[] = [];
  private _images: readonly Image[] = [];
  private _remarks: readonly Remark[] = [];
  private _error: Error | null = null;
  private readonly _extraErrors = new Map<Extra, Error>();
  private readonly _wanted = new Set<Extra>();
  private readonly _stops = new Set<string>();
  private _loaded = false;
  private _turn = 0;
  private _timer = 0;
  private _isDisposed = false;
}

/** What a target that does not answer has is not gone. */
function ofAway<T extends IOnTarget>(
  remarks: readonly Remark[],
  known: readonly T[]
): T[] {
  const away = new Set(remarks.map(({ target }) => target));
  return known.filter(({ target }) => away.has(target));
}

function newestFirst<T extends { created_at: string; name: string }>(all: T[]): T[] {
  return all.sort((one, other) =>
    one.created_at === other.created_at
      ? one.name.localeCompare(other.name)
      : Date.parse(other.created_at) - Date.parse(one.created_at)
  );
}

/** What somebody else has deleted is deleted. */
async function gone(deletion: Promise<void>): Promise<void> {
  try {
    await deletion;
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) {
      throw error;
    }
  }
}
