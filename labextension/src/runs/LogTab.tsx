import { useEffect, useState } from 'react';

import { runKey, type Run, type Step } from '../api';
import { EmptyState, stateLabel } from '../ui';
import { stepKey, telling } from './detail';
import { usePanel } from './hooks';
import { LogFollower } from './logFollower';
import { LogLines } from './LogLines';
import { stepTitle } from './words';

export interface ILogTabProps {
  run: Run;
  /** The key of the step whose log a person chose; null: the one that tells most. */
  chosen: string | null;
  onChoose: (key: string) => void;
}

export function LogTab({ run, chosen, onChoose }: ILogTabProps): JSX.Element {
  const { trans } = usePanel();
  const step = run.steps.find(s => stepKey(s) === chosen) ?? telling(run.steps);
  if (!step) {
    return <EmptyState title={trans.__('No step has begun yet')} />;
  }
  const choice = (
    <select
      className="jp-lw-Select"
      aria-label={trans.__('Step')}
      value={stepKey(step)}
      onChange={event => onChoose(event.target.value)}
    >
      {run.steps.map(s => (
        <option key={stepKey(s)} value={stepKey(s)}>
          {`${stepTitle(s)} (${s.cached ? stateLabel('cached', trans) : stateLabel(s.state, trans)})`}
        </option>
      ))}
    </select>
  );
  return <Log key={stepKey(step)} runId={runKey(run)} step={step} choice={choice} />;
}

interface ILogProps {
  runId: string;
  step: Step;
  choice: JSX.Element;
}

function Log({ runId, step, choice }: ILogProps): JSX.Element {
  const { client, events, trans } = usePanel();
  const [follower, setFollower] = useState<LogFollower | null>(null);
  const { name, iteration } = step;
  useEffect(() => {
    const made = new LogFollower(client, events, runId, name, iteration);
    setFollower(made);
    return () => made.dispose();
  }, [client, events, runId, name, iteration]);
  return follower ? (
    <LogLines
      follower={follower}
      label={trans.__('Log of %1', stepTitle(step))}
      empty={emptyWords(step, trans.__.bind(trans))}
      choice={choice}
      trans={trans}
    />
  ) : (
    <div aria-busy>{trans.__('Loading…')}</div>
  );
}

function emptyWords(step: Step, __: (words: string) => string): string {
  if (step.cached) {
    return __('Its result came from the cache: it printed nothing in this run');
  }
  switch (step.state) {
    case 'PENDING':
      return __('The step has not begun');
    case 'SKIPPED':
      return __('The step was skipped');
    case 'RUNNING':
      return __('Nothing printed yet');
    default:
      return __('The step printed nothing');
  }
}
