import type { TranslationBundle } from '@jupyterlab/translation';
import type { ISignal } from '@lumino/signaling';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';

import { EmptyState, ErrorBox } from '../ui';
import type { Line } from './ansi';
import { useSignal } from './hooks';
import type { LogBuffer } from './logbuffer';

const LINE = 18;

/** A log as far as it was read; `changed` says that there is more. */
export interface IFollower {
  readonly buffer: LogBuffer;
  readonly changed: ISignal<IFollower, void>;
  readonly error: Error | null;
  readonly loaded: boolean;
}

export interface ILogLinesProps {
  follower: IFollower;
  /** What it is the log of. */
  label: string;
  /** Said where nothing was printed. */
  empty: string;
  /** Stands before the search. */
  choice?: JSX.Element;
  trans: TranslationBundle;
}

/** A log to read and search in; it follows what is printed until somebody scrolls away. */
export function LogLines(props: ILogLinesProps): JSX.Element {
  const { follower, label, empty, choice, trans } = props;
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
        <EmptyState title={empty} />
      )}
      <div
        ref={scroller}
        className="jp-lw-Log-lines jp-RenderedText"
        role="log"
        aria-label={label}
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
