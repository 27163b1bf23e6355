/** Servers and volumes in words. */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { OfferedGpu, Preset, Server, ServerState, Stage, Volume } from '../api';
import type { AnyState } from '../ui';
import { formatBytes, formatDuration } from '../ui/format';

/** The drawing that fits a state; the words are said beside it. */
const ICONS: Record<ServerState, AnyState> = {
  WAITING: 'PENDING',
  STARTING: 'RUNNING',
  RUNNING: 'SUCCEEDED',
  FAILED: 'FAILED',
  STOPPING: 'CANCELING',
  STOPPED: 'CANCELED',
  TERMINATING: 'CANCELING'
};
const STAGE_ICONS: Record<Stage['state'], AnyState> = {
  waiting: 'PENDING',
  doing: 'RUNNING',
  done: 'SUCCEEDED',
  failed: 'FAILED'
};

export const serverIcon = (state: ServerState): AnyState => ICONS[state];
export const stageIcon = (state: Stage['state']): AnyState => STAGE_ICONS[state];

export function serverLabel(state: ServerState, trans: TranslationBundle): string {
  switch (state) {
    case 'WAITING':
      return trans.__('Waiting');
    case 'STARTING':
      return trans.__('Starting');
    case 'RUNNING':
      return trans.__('Running');
    case 'FAILED':
      return trans.__('Failed');
    case 'STOPPING':
      return trans.__('Stopping');
    case 'STOPPED':
      return trans.__('Stopped');
    case 'TERMINATING':
      return trans.__('Being deleted');
  }
}

/** What a server has: `4 CPUs, 16Gi, 1 GPU`. */
export function sizeText(
  { cpu, memory, gpu }: Pick<Server, 'cpu' | 'memory' | 'gpu'>,
  trans: TranslationBundle
): string {
  const gpus = gpu?.count ?? 0;
  return [
    cpu === null ? '' : cpu === '1' ? trans.__('1 CPU') : trans.__('%1 CPUs', cpu),
    memory ?? '',
    gpus > 0 ? trans._n('%1 GPU', '%1 GPUs', gpus) : ''
  ]
    .filter(Boolean)
    .join(', ');
}

export function presetText(preset: Preset, trans: TranslationBundle): string {
  const gpu = { count: preset.gpu, vendor: '' };
  return sizeText({ ...preset, gpu }, trans);
}

/** Why it is so, or else what it is. */
export function reasonText(server: Server, trans: TranslationBundle): string {
  if (server.message) {
    return server.message;
  }
  if (server.state === 'STOPPED' && server.stop_reason) {
    return sentence(server.stop_reason);
  }
  return [server.image_name ?? '', sizeText(server, trans)].filter(Boolean).join(' · ');
}

export function stageLabel(stage: Stage['stage'], trans: TranslationBundle): string {
  switch (stage) {
    case 'scheduled':
      return trans.__('A place found');
    case 'volumes':
      return trans.__('Volumes attached');
    case 'image':
      return trans.__('Image there');
    case 'started':
      return trans.__('Started');
    case 'ready':
      return trans.__('Ready');
  }
}

export function stageState(state: Stage['state'], trans: TranslationBundle): string {
  switch (state) {
    case 'waiting':
      return trans.__('waits');
    case 'doing':
      return trans.__('under way');
    case 'done':
      return trans.__('done');
    case 'failed':
      return trans.__('failed');
  }
}

/** The seconds until an idle server is stopped; null where none is to be. */
export function secondsLeft(
  { state, stop_at: at }: Pick<Server, 'state' | 'stop_at'>,
  now: number
): number | null {
  return state === 'RUNNING' && at !== null
    ? Math.max(0, (Date.parse(at) - now) / 1000)
    : null;
}

export function leftText(seconds: number, trans: TranslationBundle): string {
  return seconds < 1
    ? trans.__('idle: about to be stopped')
    : trans.__(
        'stops in %1 unless used',
        formatDuration(Math.max(1, Math.round(seconds)))
      );
}

/** `3 of 8 A100 free`, for each kind. */
export function gpuText(gpus: readonly OfferedGpu[], trans: TranslationBundle): string {
  return gpus
    .map(({ name, free, total }) => trans.__('%1 of %2 %3 free', free, total, name))
    .join(', ');
}

/** What a volume holds and may hold, and who has it. */
export function volumeText(volume: Volume, trans: TranslationBundle): string {
  const { size, used_bytes: used, used_by: by, storage_class: kind } = volume;
  const room =
    used === null
      ? (size ?? '')
      : size === null
        ? formatBytes(used)
        : trans.__('%1 of %2', formatBytes(used), size);
  const users =
    by.length > 0 ? trans.__('used by %1', by.join(', ')) : trans.__('not used');
  return [room, users, kind ?? ''].filter(Boolean).join(' · ');
}

export function volumeLabel(state: Volume['state'], trans: TranslationBundle): string {
  switch (state) {
    case 'BOUND':
      return trans.__('There');
    case 'WAITING':
      return trans.__('Waiting for a first server');
    case 'RESIZING':
      return trans.__('Growing');
    case 'LOST':
      return trans.__('Lost');
    case 'TERMINATING':
      return trans.__('Being deleted');
  }
}

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1]
];

/** Seconds as forms have them: `1h30m`; 0 is never. */
export function durationText(seconds: number): string {
  if (seconds <= 0) {
    return 'never';
  }
  let rest = seconds;
  let text = '';
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    text += count ? `${count}${unit}` : '';
  }
  return text;
}

export function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
