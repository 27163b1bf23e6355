import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';

import { runKey, type Run, type Step } from '../api';
import { EmptyState, ErrorBox, stateLabel } from '../ui';
import type { Line } from './ansi';
import { stepKey, telling } from './detail';
import { usePanel, useSignal } from './hooks';
import { LogFollower } from './logFollower';
import { stepTitle } from './words';

const LINE = 18;

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
    <Lines follower={follower} step={step} choice={choice} />
  ) : (
    <div aria-busy>{trans.__('Loading…')}</div>
  );
}

interface ILinesProps {
  follower: LogFollower;
  step: Step;
  choice: JSX.Element;
}

function Lines({ follower, step, choice }: ILinesProps): JSX.Element {
  const { trans } = usePanel();
  useSignal(follower.changed);
  const scroller = useRef<HTMLDivElement>(null);
  const [follow, setFollow] = useState(true);
  const [text, setText] = useState('');
  const [hit, setHit] = useState(0);
  const { buffer } = follower;
  const { length, end, dropped } = buffer;
  const hits = useMemo(
    () => buffer.search(text),
    // The end moves with every piece that is added.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [buffer, text, end]
  );
  const rows = useVirtualizer({
    count: length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE,
    overscan: 20
  });
  useEffect(() => {
    if (follow && length) {
      rows.scrollToIndex(length - 1, { align: 'end' });
    }
  }, [follow, length, end, rows]);

  const go = (to: number): void => {
    if (hits.length) {
      const index = (to + hits.length) % hits.length;
      setHit(index);
      setFollow(false);
      rows.scrollToIndex(hits[index], { align: 'center' });
    }
  };
  useEffect(() => {
    go(0); // the first line that has the text just typed
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [text]);
  const onScroll = (): void => {
    const node = scroller.current;
    if (node) {
      setFollow(node.scrollHeight - node.scrollTop - node.clientHeight < LINE);
    }
  };
  const found = new Set(hits);
  return (
    <div className="jp-lw-Log">
      <div className="jp-lw-Log-bar">
        {choice}
        <input
          type="search"
          className="jp-mod-styled"
          placeholder={trans.__('Find in log')}
          aria-label={trans.__('Find in log')}
          value={text}
          onChange={event => setText(event.target.value)}
          onKeyDown={event => {
            if (event.key === 'Enter') {
              go(hit + (event.shiftKey ? -1 : 1));
            }
          }}
        />
        <span className="jp-lw-Log-hits" role="status">
          {text &&
            (hits.length ? `${hit + 1} / ${hits.length}` : trans.__('Not found'))}
        </span>
        <label className="jp-lw-Log-follow">
          <input
            type="checkbox"
            checked={follow}
            onChange={event => setFollow(event.target.checked)}
          />
          {trans.__('Follow')}
        </label>
      </div>
      {follower.error && (
        <ErrorBox
          title={trans.__('The log could not be read')}
          error={follower.error}
        />
      )}
      {length === 0 && follower.loaded && !follower.error && (
        <EmptyState title={emptyWords(step, trans.__.bind(trans))} />
      )}
      <div
        ref={scroller}
        className="jp-lw-Log-lines jp-RenderedText"
        role="log"
        aria-label={trans.__('Log of %1', stepTitle(step))}
        aria-live="off"
        // It scrolls, so the keyboard must get to it.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        onScroll={onScroll}
        hidden={length === 0}
      >
        {dropped > 0 && (
          <div className="jp-lw-Log-dropped">
            {trans.__('%1 earlier lines are not shown', dropped.toLocaleString())}
          </div>
        )}
        <pre style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map(({ index, start }) => (
            <LogLine
              key={index}
              line={buffer.line(index)}
              number={dropped + index + 1}
              top={start}
              mark={found.has(index) ? (hits[hit] === index ? 'current' : 'hit') : ''}
            />
          ))}
        </pre>
      </div>
    </div>
  );
}

interface ILogLineProps {
  line: Line;
  number: number;
  top: number;
  mark: string;
}

function LogLine({ line, number, top, mark }: ILogLineProps): JSX.Element {
  return (
    <div
      className={`jp-lw-Log-line${mark ? ` jp-mod-${mark}` : ''}`}
      style={{ transform: `translateY(${top}px)` }}
    >
      <span className="jp-lw-Log-number" aria-hidden>
        {number}
      </span>
      <span>
        {line.spans.map(({ text, className, color, background }, i) => (
          <span key={i} className={className} style={{ color, background }}>
            {text}
          </span>
        ))}
      </span>
    </div>
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
