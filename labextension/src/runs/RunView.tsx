import { useEffect, useMemo, useState } from 'react';

import { ApiError, runKey, type Run, type Step, type StepState } from '../api';
import { PipelineGraph } from '../graph';
import { EmptyState, ErrorBox } from '../ui';
import { combined, stepKey } from './detail';
import { useLiveRun, usePanel } from './hooks';
import { LogTab } from './LogTab';
import { OutputsTab, Table } from './OutputsTab';
import { RunHeader } from './RunHeader';
import { SourceTab } from './SourceTab';
import { StepDetail } from './StepDetail';
import { StepsTab } from './StepsTab';
import { Tabs } from './Tabs';

export const TABS = [
  'graph',
  'steps',
  'log',
  'outputs',
  'parameters',
  'source'
] as const;
export type TabName = (typeof TABS)[number];

export interface IRunViewProps {
  runId: string;
  tab: string;
  onTab: (tab: string) => void;
}

/** A run in the main area. */
export function RunView({ runId, tab, onTab }: IRunViewProps): JSX.Element {
  const { trans } = usePanel();
  const live = useLiveRun(runId);
  const { run, error } = live;
  if (!run) {
    if (!error) {
      return <div className="jp-lw-RunView" aria-busy />;
    }
    return error instanceof ApiError && error.status === 404 ? (
      <EmptyState title={trans.__('This run is gone')}>
        <p>{trans.__('It was deleted, here or by another window.')}</p>
      </EmptyState>
    ) : (
      <ErrorBox title={trans.__('The run could not be read')} error={error}>
        <button className="jp-mod-styled" onClick={() => void live.refresh()}>
          {trans.__('Try again')}
        </button>
      </ErrorBox>
    );
  }
  return <Loaded run={run} tab={tab} onTab={onTab} />;
}

interface ILoadedProps {
  run: Run;
  tab: string;
  onTab: (tab: string) => void;
}

function Loaded({ run, tab, onTab }: ILoadedProps): JSX.Element {
  const { trans } = usePanel();
  const [selected, setSelected] = useState<string | null>(null);
  const [logged, setLogged] = useState<string | null>(null);
  const step = run.steps.find(s => stepKey(s) === selected);
  const failed = run.steps.find(s => s.state === 'FAILED');
  const failedKey = failed && stepKey(failed);
  useEffect(() => {
    // What failed is what a person came for.
    if (failedKey !== undefined) {
      setSelected(key => key ?? failedKey);
    }
  }, [failedKey]);

  const showLog = (key: string): void => {
    setLogged(key);
    onTab('log');
  };
  const beside = (main: JSX.Element): JSX.Element => (
    <div className="jp-lw-RunView-split">
      <div className="jp-lw-RunView-main">{main}</div>
      {step && (
        <StepDetail
          key={selected}
          run={run}
          step={step}
          onLog={() => showLog(stepKey(step))}
          onClose={() => setSelected(null)}
        />
      )}
    </div>
  );
  const parameters = Object.entries(run.parameters);
  const tabs = [
    {
      id: 'graph',
      label: trans.__('Graph'),
      draw: () =>
        beside(
          <RunGraph
            run={run}
            selected={step?.name ?? null}
            onSelect={name => setSelected(keyOf(run.steps, name))}
            onOpen={name => showLog(keyOf(run.steps, name) ?? name)}
          />
        )
    },
    {
      id: 'steps',
      label: trans.__('Steps'),
      draw: () =>
        run.steps.length ? (
          beside(<StepsTab run={run} selected={selected} onSelect={setSelected} />)
        ) : (
          <EmptyState title={trans.__('No step has begun yet')} />
        )
    },
    {
      id: 'log',
      label: trans.__('Log'),
      draw: () => <LogTab run={run} chosen={logged ?? selected} onChoose={setLogged} />
    },
    {
      id: 'outputs',
      label: trans.__('Outputs & metrics'),
      draw: () => <OutputsTab run={run} />
    },
    {
      id: 'parameters',
      label: trans.__('Parameters'),
      draw: () =>
        parameters.length ? (
          <div className="jp-lw-Outputs">
            <Table rows={parameters} />
          </div>
        ) : (
          <EmptyState title={trans.__('This pipeline has no parameters')} />
        )
    },
    { id: 'source', label: trans.__('Source'), draw: () => <SourceTab run={run} /> }
  ];
  return (
    <div className="jp-lw-RunView">
      <RunHeader run={run} />
      <Tabs
        id={`jp-lw-run-view-${runKey(run)}`}
        label={trans.__('Views of the run')}
        tabs={tabs}
        current={tab}
        onChange={onTab}
      />
    </div>
  );
}

interface IRunGraphProps {
  run: Run;
  selected: string | null;
  onSelect: (step: string) => void;
  onOpen: (step: string) => void;
}

function RunGraph({ run, selected, onSelect, onOpen }: IRunGraphProps): JSX.Element {
  const { trans } = usePanel();
  const { graph, steps, diagnostics, parameters } = run;
  const states = useMemo(() => {
    const found: Record<string, StepState> = {};
    for (const { name } of graph.steps) {
      const state = combined(steps.filter(step => step.name === name));
      if (state) {
        found[name] = state;
      }
    }
    return found;
  }, [graph, steps]);
  const values = useMemo(
    () => Object.fromEntries(steps.map(step => [step.name, step.outputs])),
    [steps]
  );
  const shown = useMemo(
    () => ({
      ...graph,
      // What the run was given, not what the notebook has by default.
      parameters: graph.parameters.map(one =>
        one.name in parameters ? { ...one, default: parameters[one.name] } : one
      ),
      // The run's own remarks hold the static ones too, and those that only running could find.
      diagnostics: diagnostics.length ? diagnostics : graph.diagnostics
    }),
    [graph, parameters, diagnostics]
  );
  return (
    <PipelineGraph
      graph={shown}
      trans={trans}
      states={states}
      values={values}
      selected={selected}
      onSelect={onSelect}
      onOpen={onOpen}
    />
  );
}

/** Of a loop's turns the one to look at first: what failed, what runs, or the first. */
function keyOf(steps: readonly Step[], name: string): string | null {
  const turns = steps.filter(step => step.name === name);
  const turn =
    turns.find(step => step.state === 'FAILED') ??
    turns.find(step => step.state === 'RUNNING') ??
    turns[0];
  return turn ? stepKey(turn) : null;
}
