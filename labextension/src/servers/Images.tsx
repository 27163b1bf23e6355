import { LOCAL, type Image } from '../api';
import { useServers } from './context';
import { Fold } from './Fold';
import { keyOf } from './model';

/** What servers can be made of. One that is hidden is shown while servers have it. */
export function Images(): JSX.Element {
  const { servers, trans } = useServers();
  const shown = servers.images.filter(one => !one.hidden || one.used_by > 0);
  return (
    <Fold what="images" label={trans.__('Images')} count={shown.length}>
      {shown.map(one => (
        <Row key={keyOf(one)} image={one} />
      ))}
    </Fold>
  );
}

function Row({ image }: { image: Image }): JSX.Element {
  const { trans } = useServers();
  const { display_name: title, target, used_by: count, redirect, message } = image;
  const use =
    count > 0
      ? trans._n('used by %1 server', 'used by %1 servers', count)
      : trans.__('not used');
  return (
    <li title={[image.reference, image.packages.join(', ')].filter(Boolean).join('\n')}>
      <div className="jp-lw-RunRow-line">
        <span className="jp-lw-RunRow-name">{title}</span>
        {target !== LOCAL && <span className="jp-lw-Chip jp-lw-Target">{target}</span>}
        {image.gpu_vendor && <span className="jp-lw-Chip">{trans.__('GPU')}</span>}
        {image.deprecated && (
          <span className="jp-lw-Chip">{trans.__('deprecated')}</span>
        )}
        <span className="jp-lw-RunRow-time">{use}</span>
      </div>
      <div className="jp-lw-Schedules-words">
        {image.packages.length > 0 ? image.packages.join(', ') : image.description}
      </div>
      {(message || redirect) && (
        <div className="jp-lw-Server-note">
          {[message, redirect && trans.__('Take %1 instead.', redirect)]
            .filter(Boolean)
            .join(' ')}
        </div>
      )}
    </li>
  );
}
