import { useEffect, useRef, type KeyboardEvent, type ReactNode } from 'react';

export interface ITab {
  id: string;
  label: string;
  draw: () => ReactNode;
}

export interface ITabsProps {
  id: string;
  label: string;
  tabs: readonly ITab[];
  current: string;
  onChange: (id: string) => void;
}

/** Tabs as ARIA has them: one stop for the tab key, arrows between them. */
export function Tabs({ id, label, tabs, current, onChange }: ITabsProps): JSX.Element {
  const bar = useRef<HTMLDivElement>(null);
  const index = Math.max(
    0,
    tabs.findIndex(tab => tab.id === current)
  );
  useEffect(() => {
    // A tab that was chosen by a command takes the focus along, if the bar has it.
    if (bar.current?.contains(document.activeElement)) {
      bar.current.querySelectorAll<HTMLElement>('[role=tab]')[index].focus();
    }
  }, [index]);
  const onKeyDown = (event: KeyboardEvent): void => {
    const target = {
      ArrowRight: (index + 1) % tabs.length,
      ArrowLeft: (index + tabs.length - 1) % tabs.length,
      Home: 0,
      End: tabs.length - 1
    }[event.key];
    if (target !== undefined) {
      event.preventDefault();
      onChange(tabs[target].id);
    }
  };
  return (
    <div className="jp-lw-Tabs">
      <div ref={bar} className="jp-lw-Tabs-bar" role="tablist" aria-label={label}>
        {tabs.map((tab, i) => (
          <button
            key={tab.id}
            id={`${id}-tab-${tab.id}`}
            role="tab"
            aria-selected={i === index}
            aria-controls={`${id}-panel`}
            tabIndex={i === index ? 0 : -1}
            onClick={() => onChange(tab.id)}
            onKeyDown={onKeyDown}
          >
            {tab.label}
          </button>
        ))}
      </div>
      <div
        id={`${id}-panel`}
        className="jp-lw-Tabs-panel"
        role="tabpanel"
        aria-labelledby={`${id}-tab-${tabs[index].id}`}
      >
        {tabs[index].draw()}
      </div>
    </div>
  );
}
