import { useEffect, useMemo, useState } from 'react';
import { Debouncer } from '@lumino/polling';

import type { State } from '../api';
import { targetLabel } from '../targets/words';
import { stateLabel } from '../ui';
import { EVERYTHING, isFiltered, type RunFilter } from './filter';
import { usePanel, useSignal } from './hooks';

const STATES: State[] = ['PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED'];
const TYPING_MS = 200;

/** Which runs to show. A choice appears once there is something to choose from. */
export function Filters(): JSX.Element {
  const { runs, targets: places, trans } = usePanel();
  useSignal(runs.changed);
  useSignal(places.changed);
  const { filter } = runs.listing;
  const [text, setText] = useState(filter.text);
  const narrow = (change: Partial<RunFilter>): void =>
    void runs.narrow({ ...runs.listing.filter, ...change });
  const typed = useMemo(
    () =>
      new Debouncer(
        (words: string) => runs.narrow({ ...runs.listing.filter, text: words }),
        TYPING_MS
      ),
    [runs]
  );
  useEffect(() => () => typed.dispose(), [typed]);
  useEffect(() => {
    // Somebody else cleared the filter.
    if (filter === EVERYTHING) {
      setText('');
    }
  }, [filter]);
  const choices = (of: 'experiment' | 'target'): string[] => {
    const known = runs.summaries.flatMap(run => (run[of] ? [run[of]] : []));
    return [...new Set([...known, ...(filter[of] ? [filter[of]] : [])])].sort();
  };
  const experiments = choices('experiment');
  const targets = [
    ...new Set([...places.all.map(({ name }) => name), ...choices('target')])
  ];
  return (
    <div className="jp-lw-Filters" role="search" aria-label={trans.__('Filter runs')}>
      <input
        type="search"
        className="jp-mod-styled"
        placeholder={trans.__('Search runs')}
        aria-label={trans.__('Search runs by name, id or notebook')}
        value={text}
        onChange={event => {
          setText(event.target.value);
          void typed.invoke(event.target.value);
        }}
      />
      <Choice
        label={trans.__('State')}
        all={trans.__('Any state')}
        value={filter.state}
        options={STATES.map(state => [state, stateLabel(state, trans)])}
        onChange={state => narrow({ state: state as State | null })}
      />
      {experiments.length > 0 && (
        <Choice
          label={trans.__('Experiment')}
          all={trans.__('Any experiment')}
          value={filter.experiment}
          options={experiments.map(name => [name, name])}
          onChange={experiment => narrow({ experiment })}
        />
      )}
      {targets.length > 1 && (
        <Choice
          label={trans.__('Target')}
          all={trans.__('Any target')}
          value={filter.target}
          options={targets.map(name => [name, targetLabel(name, trans)])}
          onChange={target => narrow({ target })}
        />
      )}
      <div className="jp-lw-Filters-count" role="status">
        {runs.listing.loaded &&
          (isFiltered(filter)
            ? trans._n('%1 run matches', '%1 runs match', runs.listing.total)
            : trans._n('%1 run', '%1 runs', runs.listing.total))}
      </div>
    </div>
  );
}

interface IChoiceProps {
  label: string;
  all: string;
  value: string | null;
  options: [string, string][];
  onChange: (value: string | null) => void;
}

function Choice({ label, all, value, options, onChange }: IChoiceProps): JSX.Element {
  return (
    <select
      className="jp-lw-Select"
      aria-label={label}
      value={value ?? ''}
      onChange={event => onChange(event.target.value || null)}
    >
      <option value="">{all}</option>
      {options.map(([name, words]) => (
        <option key={name} value={name}>
          {words}
        </option>
      ))}
    </select>
  );
}
