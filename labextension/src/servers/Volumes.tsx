import { LOCAL, type Volume } from '../api';
import { CommandIDs } from '../tokens';
import { useAttempt } from '../ui';
import { useServers } from './context';
import { Fold } from './Fold';
import { keyOf } from './model';
import { volumeLabel, volumeText } from './words';

/** What servers keep their files in. */
export function Volumes(): JSX.Element {
  const { servers, commands, trans } = useServers();
  return (
    <Fold
      what="volumes"
      label={trans.__('Volumes')}
      count={servers.volumes.length}
      action={
        <button
          className="jp-lw-Link"
          onClick={() => void commands.execute(CommandIDs.newVolume)}
        >
          {trans.__('New Volume…')}
        </button>
      }
    >
      {servers.volumes.map(one => (
        <Row key={keyOf(one)} volume={one} />
      ))}
    </Fold>
  );
}

function Row({ volume }: { volume: Volume }): JSX.Element {
  const { servers, trans } = useServers();
  const [busy, attempt] = useAttempt();
  const { name, target, state, message, path } = volume;
  const used = volume.used_by.length > 0;
  const resize = (): Promise<void> =>
    attempt(trans.__('The volume could not be made larger'), async () => {
      const { askSize } = await import('./dialogs');
      const size = await askSize(volume, trans);
      if (size !== null) {
        await servers.resizeVolume(volume, size);
      }
    });
  const remove = (): Promise<void> =>
    attempt(trans.__('The volume could not be deleted'), async () => {
      const { confirmVolumeDelete } = await import('./dialogs');
      if (await confirmVolumeDelete(volume, trans)) {
        await servers.removeVolume(volume);
      }
    });
  return (
    <li title={path ?? undefined}>
      <div className="jp-lw-RunRow-line">
        <span className="jp-lw-RunRow-name">{name}</span>
        {target !== LOCAL && <span className="jp-lw-Chip jp-lw-Target">{target}</span>}
        {state !== 'BOUND' && (
          <span className="jp-lw-Chip">{volumeLabel(state, trans)}</span>
        )}
        <span className="jp-lw-Schedules-actions">
          {volume.size !== null && (
            <button
              className="jp-lw-Link"
              disabled={busy}
              aria-label={trans.__('Make %1 larger', name)}
              onClick={() => void resize()}
            >
              {trans.__('Resize')}
            </button>
          )}
          <button
            className="jp-lw-Link"
            // Pressed, it would only be refused.
            disabled={busy || used}
            title={
              used
                ? trans.__('Used by %1', volume.used_by.join(', '))
                : trans.__('Delete it with its files')
            }
            aria-label={trans.__('Delete %1', name)}
            onClick={() => void remove()}
          >
            {trans.__('Delete')}
          </button>
        </span>
      </div>
      <div className="jp-lw-Schedules-words">{volumeText(volume, trans)}</div>
      {message && <div className="jp-lw-Server-note">{message}</div>}
    </li>
  );
}
