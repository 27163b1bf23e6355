import type { TranslationBundle } from '@jupyterlab/translation';
import { Component, ReactNode, useEffect, useState } from 'react';

import { formatBytes, formatDuration, secondsBetween } from './format';

export interface IDurationProps {
  start: string | null;
  /** Null while it goes on: the time then runs. */
  end: string | null;
}

/** How long something took, or has taken so far. */
export function Duration({ start, end }: IDurationProps): JSX.Element | null {
  const [now, setNow] = useState(Date.now);
  const runs = start !== null && end === null;
  useEffect(() => {
    if (!runs) {
      return;
    }
    setNow(Date.now());
    const timer = window.setInterval(() => setNow(Date.now()), 1000);
    return () => window.clearInterval(timer);
  }, [runs]);
  const seconds = secondsBetween(start, end, now);
  if (seconds === null) {
    return null;
  }
  const shown = runs ? Math.floor(seconds) : seconds;
  return <span className="jp-lw-Duration">{formatDuration(shown)}</span>;
}

export function Bytes({ value }: { value: number }): JSX.Element {
  return (
    <span className="jp-lw-Bytes" title={`${value.toLocaleString()} B`}>
      {formatBytes(value)}
    </span>
  );
}

export interface IEmptyStateProps {
  title: string;
  children?: ReactNode;
}

/** Why there is nothing here, and what to do about it. */
export function EmptyState({ title, children }: IEmptyStateProps): JSX.Element {
  return (
    <div className="jp-lw-EmptyState">
      <p className="jp-lw-EmptyState-title">{title}</p>
      {children}
    </div>
  );
}

export interface IErrorBoxProps {
  error: unknown;
  title?: string;
  children?: ReactNode;
}

/** What went wrong; `children` are what a person can do. */
export function ErrorBox({ error, title, children }: IErrorBoxProps): JSX.Element {
  const message = error instanceof Error ? error.message : String(error);
  return (
    <div className="jp-lw-ErrorBox" role="alert">
      {title && <strong>{title}</strong>}
      <p>{message}</p>
      {children}
    </div>
  );
}

interface IBoundaryProps {
  trans: TranslationBundle;
  children: ReactNode;
}

/** Keeps a broken part from taking the panel around it along. */
export class ErrorBoundary extends Component<IBoundaryProps, { error: unknown }> {
  override state = { error: null as unknown };

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override render(): ReactNode {
    const { trans, children } = this.props;
    if (this.state.error === null) {
      return children;
    }
    return (
      <ErrorBox title={trans.__('This cannot be drawn')} error={this.state.error}>
        <button
          type="button"
          className="jp-mod-styled jp-mod-minimal"
          onClick={() => this.setState({ error: null })}
        >
          {trans.__('Try again')}
        </button>
      </ErrorBox>
    );
  }
}
