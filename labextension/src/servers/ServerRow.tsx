import { ellipsesIcon, MenuSvg } from '@jupyterlab/ui-components';
import type { MouseEvent } from 'react';

import { LOCAL, type Server } from '../api';
import { useNow } from '../runs/hooks';
import { CommandIDs } from '../tokens';
import { StateIcon } from '../ui';
import { useServers } from './context';
import { keyOf } from './model';
import {
  leftText,
  reasonText,
  secondsLeft,
  serverIcon,
  serverLabel,
  stageIcon,
  stageLabel,
  stageState
} from './words';

/** What else can be done with a server, in the order of a menu; null is a line. */
export const MENU: readonly (string | null)[] = [
  CommandIDs.openServer,
  null,
  CommandIDs.startServer,
  CommandIDs.restartServer,
  CommandIDs.stopServer,
  null,
  CommandIDs.editServer,
  CommandIDs.showServerLog,
  null,
  CommandIDs.deleteServer
];
/** With less time than this left, a server's end is shown as a warning. */
const SOON = 600;

export function ServerRow({ server }: { server: Server }): JSX.Element {
  const { trans } = useServers();
  const { name, target, state, progress } = server;
  const label = serverLabel(state, trans);
  const reason = reasonText(server, trans);
  const starting = state === 'WAITING' || state === 'STARTING' || state === 'FAILED';
  return (
    <li
      className="jp-lw-Server"
      data-lw-server={keyOf(server)}
      data-lw-state={state}
      aria-label={`${name}, ${label}`}
    >
      <div className="jp-lw-RunRow-line">
        <StateIcon state={serverIcon(state)} trans={trans} decorative />
        <span className="jp-lw-RunRow-name" title={name}>
          {name}
        </span>
        {target !== LOCAL && <span className="jp-lw-Chip jp-lw-Target">{target}</span>}
        <Actions server={server} />
      </div>
      <div className="jp-lw-Server-words" title={reason}>
        <strong>{label}</strong>
        {reason && ` · ${reason}`}
      </div>
      <TimeLeft server={server} />
      {server.pending_restart && (
        <div className="jp-lw-Server-note" role="status">
          {trans.__('Changed: takes effect at the next start.')}
        </div>
      )}
      {starting && progress.length > 0 && (
        <ol
          className="jp-lw-Server-progress"
          aria-label={trans.__('How far the start of %1 is', name)}
        >
          {progress.map(({ stage, state: how, message }) => (
            <li key={stage} data-lw-stage={how}>
              <StateIcon
                state={stageIcon(how)}
                trans={trans}
                label={stageState(how, trans)}
              />
              <span>
                {stageLabel(stage, trans)}
                {message && message !== server.message && `: ${message}`}
              </span>
            </li>
          ))}
        </ol>
      )}
    </li>
  );
}

/** The one thing most wanted of a server, and a menu with the rest. */
function Actions({ server }: { server: Server }): JSX.Element {
  const { commands, trans } = useServers();
  const { name, state } = server;
  const args = { server: keyOf(server) };
  const first = server.pending_restart
    ? CommandIDs.restartServer
    : state === 'RUNNING'
      ? CommandIDs.openServer
      : state === 'STOPPED' || state === 'FAILED'
        ? CommandIDs.startServer
        : null;
  const words: Record<string, readonly [string, string]> = {
    [CommandIDs.restartServer]: [trans.__('Restart'), trans.__('Restart %1', name)],
    [CommandIDs.openServer]: [trans.__('Open'), trans.__('Open %1', name)],
    [CommandIDs.startServer]: [trans.__('Start'), trans.__('Start %1', name)]
  };
  const openMenu = (event: MouseEvent<HTMLButtonElement>): void => {
    const menu = new MenuSvg({ commands });
    for (const command of MENU) {
      menu.addItem(command ? { command, args } : { type: 'separator' });
    }
    const { left, bottom } = event.currentTarget.getBoundingClientRect();
    const button = event.currentTarget;
    menu.aboutToClose.connect(() => {
      button.focus();
      // What was chosen runs once the menu has closed.
      window.setTimeout(() => menu.dispose());
    });
    menu.open(left, bottom);
  };
  return (
    <span className="jp-lw-Schedules-actions">
      {first && (
        <button
          className="jp-lw-Link"
          aria-label={words[first][1]}
          onClick={() => void commands.execute(first, args)}
        >
          {words[first][0]}
        </button>
      )}
      <button
        className="jp-lw-Server-menu"
        aria-haspopup="menu"
        aria-label={trans.__('More for %1', name)}
        title={trans.__('More')}
        onClick={openMenu}
      >
        <ellipsesIcon.react tag={null} width="16px" />
      </button>
    </span>
  );
}

function TimeLeft({ server }: { server: Server }): JSX.Element | null {
  const { trans } = useServers();
  const now = useNow(server.stop_at !== null && server.state === 'RUNNING');
  const seconds = secondsLeft(server, now);
  if (seconds === null) {
    return null;
  }
  return (
    <div className="jp-lw-Server-left" data-lw-soon={seconds < SOON}>
      {leftText(seconds, trans)}
    </div>
  );
}
