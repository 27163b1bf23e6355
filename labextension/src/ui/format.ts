/** Numbers as people read them. Pure. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** `1.4 MB`; thousands, as disks and networks count. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${trimmed(value, digits)} ${UNITS[unit]}`;
}

/** `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `4 d 3 h`. */
export function formatDuration(seconds: number): string {
  if (seconds < 0.0005) {
    return '0 s';
  }
  if (seconds < 0.9995) {
    return `${Math.round(seconds * 1000)} ms`;
  }
  if (seconds < 9.95) {
    return `${trimmed(seconds, 1)} s`;
  }
  const whole = Math.round(seconds);
  if (whole < 60) {
    return `${whole} s`;
  }
  if (whole < 3600) {
    return pair(whole, 60, 'min', 's');
  }
  return whole < 86_400
    ? pair(Math.round(whole / 60), 60, 'h', 'min')
    : pair(Math.round(whole / 3600), 24, 'd', 'h');
}

/** The seconds from `start` to `end` (now, where it goes on); null where it has not begun. */
export function secondsBetween(
  start: string | null,
  end: string | null,
  now: number
): number | null {
  if (start === null) {
    return null;
  }
  const until = end === null ? now : Date.parse(end);
  return Math.max(0, (until - Date.parse(start)) / 1000);
}

function trimmed(value: number, digits: number): string {
  return value.toFixed(digits).replace(/\.0+$/, '');
}

function pair(count: number, size: number, large: string, small: string): string {
  const rest = count % size;
  const head = `${Math.floor(count / size)} ${large}`;
  return rest ? `${head} ${rest} ${small}` : head;
}
