import { lazy, Suspense } from 'react';

import { ErrorBoundary } from '../ui/parts';
import type { IPipelineGraphProps } from './view';

export type { IPipelineGraphProps } from './view';
export type { Orientation } from './layout';

/** React Flow and the layout come in a chunk of their own, when the first graph is shown. */
const LazyGraph = lazy(() => import('./view'));

/** A pipeline as a graph: before a run with what a run would do, after it with what it did. */
export function PipelineGraph(props: IPipelineGraphProps): JSX.Element {
  return (
    <ErrorBoundary trans={props.trans}>
      <Suspense fallback={<div className="jp-lw-Graph jp-lw-loading" aria-busy />}>
        <LazyGraph {...props} />
      </Suspense>
    </ErrorBoundary>
  );
}
