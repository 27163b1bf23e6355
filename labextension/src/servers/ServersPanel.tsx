import { useSignal } from '../runs/hooks';
import { CommandIDs } from '../tokens';
import { EmptyState, ErrorBox } from '../ui';
import { useServers } from './context';
import { Images } from './Images';
import { keyOf } from './model';
import { ServerRow } from './ServerRow';
import { Volumes } from './Volumes';

/** The section Servers of the sidebar. */
export function ServersPanel(): JSX.Element {
  const { servers, events, targets, commands, trans } = useServers();
  useSignal(servers.changed);
  useSignal(targets.changed);
  useSignal(events.connectedChanged);
  if (servers.error && !servers.loaded) {
    return (
      <ErrorBox title={trans.__('The servers could not be read')} error={servers.error}>
        <button className="jp-mod-styled" onClick={() => void servers.refresh()}>
          {trans.__('Try again')}
        </button>
      </ErrorBox>
    );
  }
  return (
    <div className="jp-lw-Servers">
      {!events.connected && servers.loaded && (
        <div className="jp-lw-Runs-offline" role="status">
          {trans.__('Not connected: what is shown may be old.')}
        </div>
      )}
      {servers.error && (
        <div className="jp-lw-Runs-remark" role="status">
          {servers.error.message}
        </div>
      )}
      {servers.remarks.map(({ target, message }) => (
        <div key={target} className="jp-lw-Runs-remark" role="status">
          {message.startsWith(`${target}: `) ? message : `${target}: ${message}`}
        </div>
      ))}
      {servers.all.length > 0 && (
        <ul className="jp-lw-Servers-list" aria-label={trans.__('Servers')}>
          {servers.all.map(one => (
            <ServerRow key={keyOf(one)} server={one} />
          ))}
        </ul>
      )}
      {servers.all.length === 0 && servers.loaded && (
        <EmptyState title={trans.__('No servers yet')}>
          <p>
            {trans.__(
              'A server is a JupyterLab of its own, with the CPUs, memory and GPUs you choose.'
            )}
          </p>
          <button
            className="jp-mod-styled jp-mod-accept"
            onClick={() => void commands.execute(CommandIDs.newServer)}
          >
            {trans.__('New Server…')}
          </button>
        </EmptyState>
      )}
      {servers.loaded && (
        <div className="jp-lw-Servers-more">
          <Volumes />
          <Images />
        </div>
      )}
    </div>
  );
}
