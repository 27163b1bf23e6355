import type { ReactNode } from 'react';

import { useServers } from './context';
import type { Extra } from './model';

export interface IFoldProps {
  what: Extra;
  label: string;
  /** How many there are, once that is known. */
  count: number;
  /** A button beside the heading. */
  action?: ReactNode;
  children: ReactNode;
}

/** A further list below the servers, read once it is opened. */
export function Fold(props: IFoldProps): JSX.Element {
  const { servers } = useServers();
  const { what, label, count, action, children } = props;
  const error = servers.extraError(what);
  return (
    <details
      className="jp-lw-Schedules"
      onToggle={event => {
        if (event.currentTarget.open) {
          void servers.want(what);
        }
      }}
    >
      <summary>
        {label} <span className="jp-lw-muted">{count || ''}</span>
      </summary>
      {action && <div className="jp-lw-Servers-action">{action}</div>}
      {error && (
        <div className="jp-lw-Runs-remark" role="status">
          {error.message}
        </div>
      )}
      {count > 0 && <ul aria-label={label}>{children}</ul>}
    </details>
  );
}
