import { MainAreaWidget } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';

import type { IOnTarget } from '../api';
import { useSignal } from '../runs/hooks';
import { LogLines } from '../runs/LogLines';
import { ErrorBoundary } from '../ui';
import type { IServersPanel } from './context';
import { serverMark } from './icon';
import { LogReader } from './logReader';
import { keyOf } from './model';

/** What a server prints, in the main area. */
export function logWidget(
  { client, trans }: IServersPanel,
  server: IOnTarget
): MainAreaWidget {
  const { name } = server;
  const reader: LogReader = new LogReader(client, server, () => content.isVisible);
  const content = ReactWidget.create(
    <ErrorBoundary trans={trans}>
      <ServerLog reader={reader} name={name} trans={trans} />
    </ErrorBoundary>
  );
  content.addClass('jp-lw-Panel');
  const widget = new MainAreaWidget({ content });
  widget.id = `labwright-server-log-${keyOf(server)}`;
  widget.title.label = trans.__('Log of %1', name);
  widget.title.icon = serverMark;
  widget.title.closable = true;
  widget.toolbar.hide();
  widget.disposed.connect(() => reader.dispose());
  return widget;
}

function ServerLog(props: {
  reader: LogReader;
  name: string;
  trans: IServersPanel['trans'];
}): JSX.Element {
  const { reader, name, trans } = props;
  useSignal(reader.changed);
  return (
    <LogLines
      follower={reader}
      label={trans.__('Log of %1', name)}
      empty={trans.__('Nothing printed yet')}
      trans={trans}
    />
  );
}
