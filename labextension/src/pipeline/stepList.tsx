import type { TranslationBundle } from '@jupyterlab/translation';

import { isFinal } from '../api/client';
import { badges } from '../cells/words';
import { StateIcon } from '../ui';
import { cssColour } from './colours';
import type { NotebookPipeline } from './model';
import { statesOf } from './states';

/** The steps one below the other, for narrow panels and long pipelines. */
export function StepList(props: {
  pipeline: NotebookPipeline;
  onSelect: (step: string) => void;
  onOpen: (step: string) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { pipeline, onSelect, onOpen, trans } = props;
  const { lastRun, preview, graph, selected } = pipeline;
  const states = lastRun && !isFinal(lastRun.state) ? statesOf(lastRun.steps) : {};
  return (
    <ul className="jp-lw-StepList">
      {graph?.steps.map(step => {
        const plan = preview?.find(one => one.name === step.name);
        const state = states[step.name] ?? plan?.state;
        return (
          <li key={step.name}>
            <button
              type="button"
              data-lw-step={step.name}
              aria-pressed={step.name === selected}
              title={plan?.why ?? ''}
              onClick={() => onSelect(step.name)}
              onDoubleClick={() => onOpen(step.name)}
            >
              <span
                className="jp-lw-CellChip-dot"
                style={{ background: cssColour(pipeline.colours.get(step.name)) }}
                aria-hidden
              />
              <span className="jp-lw-StepList-name">{step.name}</span>
              <span className="jp-lw-muted">
                {badges(step.settings ?? {}, trans)
                  .map(badge => badge.text)
                  .join(' · ')}
              </span>
              {state && <StateIcon state={state} trans={trans} />}
            </button>
          </li>
        );
      })}
    </ul>
  );
}
