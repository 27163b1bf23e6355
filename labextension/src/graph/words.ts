/** What stands on a line of the graph. */

import { formatBytes } from '../ui/format';
import type { ILinkVariable } from './model';

/** More names than this would cover the graph; all of them are in the tip. */
const SHOWN = 2;

/** `X, y +3` */
export function namesOf(variables: readonly ILinkVariable[]): string {
  const names = variables.slice(0, SHOWN).map(one => one.name);
  const more = variables.length - names.length;
  return names.join(', ') + (more > 0 ? ` +${more}` : '');
}

/** `X, y +3 · 1.2 MB` */
export function labelOf(variables: readonly ILinkVariable[]): string {
  const sizes = variables.map(one => one.bytes).filter(size => size !== null);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  return [namesOf(variables), sizes.length > 0 && formatBytes(total)]
    .filter(Boolean)
    .join(' · ');
}

/** `X · numpy.ndarray · 1.2 MB` */
export function tipOf({ name, type, bytes }: ILinkVariable): string {
  return [name, type, bytes !== null && formatBytes(bytes)].filter(Boolean).join(' · ');
}
