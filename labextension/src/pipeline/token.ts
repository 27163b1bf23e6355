import { Token } from '@lumino/coreutils';

import type { Pipelines } from './tracker';

/** The live pipelines of the open notebooks. */
export type IPipelines = Pipelines;

export const IPipelines = new Token<IPipelines>(
  'labwright:IPipelines',
  'The pipelines of the open notebooks, analysed while they are edited.'
);
