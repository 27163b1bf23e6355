import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, type KeyboardEvent, type MouseEvent } from 'react';

import { CommandIDs } from '../tokens';
import { useNow, usePanel, useSignal } from './hooks';
import { RunRow } from './RunRow';
import { keyTarget, only, stretched, toggled } from './selection';

const ROW = 46;
const ID = 'jp-lw-run-';

/** All runs, of which only those in sight are drawn; further pages are read as they come near. */
export function RunList(): JSX.Element {
  const { runs, trans, commands, focus } = usePanel();
  useSignal(runs.changed);
  useSignal(focus.changed);
  const minute = useNow(true, 60_000);
  const scroller = useRef<HTMLDivElement>(null);
  const { ids, total } = runs.listing;
  const { selection } = focus;
  const rows = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 6
  });
  const shown = rows.getVirtualItems();
  const end = shown.length ? shown[shown.length - 1].index : 0;
  useEffect(() => {
    if (end >= ids.length) {
      void runs.reach(end);
    }
  }, [runs, end, ids.length]);

  const choose = (id: string, event: MouseEvent | KeyboardEvent): void => {
    if (event.shiftKey) {
      focus.select(stretched(selection, id, ids));
    } else if (event.ctrlKey || event.metaKey) {
      focus.select(toggled(selection, id));
    } else {
      focus.select(only(id));
    }
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const { current } = selection;
    const index = current === null ? -1 : ids.indexOf(current);
    const page = Math.max(
      1,
      Math.floor((scroller.current?.clientHeight ?? ROW) / ROW) - 1
    );
    const target = keyTarget(event.key, index, ids.length, page);
    if (target !== null && ids.length) {
      rows.scrollToIndex(target);
      if (event.ctrlKey || event.metaKey) {
        focus.select({ ...selection, current: ids[target] });
      } else {
        choose(ids[target], event);
      }
    } else if (event.key === 'Enter' && current) {
      void commands.execute(CommandIDs.openRun, { runId: current });
    } else if (event.key === ' ' && current) {
      focus.select(toggled(selection, current));
    } else if (event.key === 'Delete' && commands.isEnabled(CommandIDs.deleteRun)) {
      void commands.execute(CommandIDs.deleteRun);
    } else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) {
      focus.select({ ids: [...ids], current, anchor: ids[0] ?? null });
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  const at = (event: MouseEvent): string | null =>
    (event.target as Element).closest<HTMLElement>('[data-run-id]')?.dataset.runId ??
    null;

  const onContextMenu = (event: MouseEvent): void => {
    const id = at(event) ?? selection.current;
    if (id && !selection.ids.includes(id)) {
      focus.select(only(id));
    } else {
      focus.list();
    }
  };

  const currentShown = shown.some(row => ids[row.index] === selection.current);
  return (
    // The rows are the options; the keyboard stays on the list, as ARIA's listbox has it.
    <div
      ref={scroller}
      className="jp-lw-RunList"
      role="listbox"
      tabIndex={0}
      aria-multiselectable
      aria-label={trans.__('Runs, the newest first')}
      aria-activedescendant={currentShown ? ID + selection.current : undefined}
      onKeyDown={onKeyDown}
      onFocus={() => focus.list()}
      onClick={event => {
        const id = at(event);
        if (id) {
          choose(id, event);
        }
      }}
      onDoubleClick={event => {
        const runId = at(event);
        if (runId) {
          void commands.execute(CommandIDs.openRun, { runId });
        }
      }}
      onContextMenu={onContextMenu}
    >
      <div
        className="jp-lw-RunList-rows"
        role="presentation"
        style={{ height: rows.getTotalSize() }}
      >
        {shown.map(({ index, key, start, size }) => {
          const run = runs.listing.get(ids[index]);
          const style = { height: size, transform: `translateY(${start}px)` };
          return run ? (
            <RunRow
              key={key}
              id={ID + ids[index]}
              run={run}
              index={index}
              total={total}
              selected={selection.ids.includes(ids[index])}
              current={selection.current === ids[index]}
              style={style}
              trans={trans}
              minute={minute}
            />
          ) : (
            <div
              key={key}
              className="jp-lw-RunRow jp-mod-loading"
              style={style}
              aria-hidden
            />
          );
        })}
      </div>
    </div>
  );
}
