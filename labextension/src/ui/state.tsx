import type { TranslationBundle } from '@jupyterlab/translation';

import type { State, StepPreview } from '../api/types';

/** A state of a run or step, or what a run would do with a step. */
export type AnyState = State | StepPreview['state'];

/** The state in words. */
export function stateLabel(state: AnyState, trans: TranslationBundle): string {
  switch (state) {
    case 'PENDING':
      return trans.__('Pending');
    case 'RUNNING':
      return trans.__('Running');
    case 'SUCCEEDED':
      return trans.__('Succeeded');
    case 'SKIPPED':
      return trans.__('Skipped');
    case 'FAILED':
      return trans.__('Failed');
    case 'CANCELING':
      return trans.__('Cancelling');
    case 'CANCELED':
      return trans.__('Cancelled');
    case 'cached':
      return trans.__('From the cache');
    case 'stale':
      return trans.__('Out of date');
    case 'new':
      return trans.__('Never run');
    case 'waiting':
      return trans.__('Waits for steps before it');
  }
}

/** Drawn on 16 × 16, and each state with a shape of its own: colour says it only once more. */
const SHAPES: Record<AnyState, JSX.Element> = {
  PENDING: (
    <circle cx="8" cy="8" r="5.5" className="jp-lw-line" strokeDasharray="2 2.3" />
  ),
  RUNNING: (
    <>
      <circle cx="8" cy="8" r="5.5" className="jp-lw-line" opacity="0.3" />
      <path d="M8 2.5A5.5 5.5 0 0 1 13.5 8" className="jp-lw-line jp-lw-turning" />
    </>
  ),
  SUCCEEDED: <path d="M3 8.5l3.2 3.2L13 4.8" className="jp-lw-line" />,
  SKIPPED: <path d="M3 4l5 4-5 4zM8 4l5 4-5 4z" className="jp-lw-fill" />,
  FAILED: <path d="M4 4l8 8M12 4l-8 8" className="jp-lw-line" />,
  CANCELING: (
    <>
      <path d="M8 2.5A5.5 5.5 0 0 1 13.5 8" className="jp-lw-line jp-lw-turning" />
      <rect x="5.5" y="5.5" width="5" height="5" className="jp-lw-fill" />
    </>
  ),
  CANCELED: <rect x="4" y="4" width="8" height="8" rx="1" className="jp-lw-fill" />,
  cached: <path d="M9 1.5L3.5 9H8l-1 5.5L12.5 7H8z" className="jp-lw-fill" />,
  stale: (
    <path
      d="M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3"
      className="jp-lw-line"
      strokeLinejoin="round"
    />
  ),
  new: <circle cx="8" cy="8" r="5.5" className="jp-lw-line" />,
  waiting: (
    <>
      <circle cx="3.5" cy="8" r="1.3" className="jp-lw-fill" />
      <circle cx="8" cy="8" r="1.3" className="jp-lw-fill" />
      <circle cx="12.5" cy="8" r="1.3" className="jp-lw-fill" />
    </>
  )
};

export interface IStateIconProps {
  state: AnyState;
  trans: TranslationBundle;
  /** Said in place of the state's own words. */
  label?: string;
  /** The words stand beside it: say nothing twice. */
  decorative?: boolean;
}

export function StateIcon({
  state,
  trans,
  label,
  decorative
}: IStateIconProps): JSX.Element {
  const words = label ?? stateLabel(state, trans);
  const said = decorative
    ? { 'aria-hidden': true as const }
    : { role: 'img', 'aria-label': words };
  return (
    <svg
      className="jp-lw-StateIcon"
      data-lw-state={state}
      width="16"
      height="16"
      viewBox="0 0 16 16"
      {...said}
    >
      {!decorative && <title>{words}</title>}
      {SHAPES[state]}
    </svg>
  );
}
