import { MainAreaWidget } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';

import type { IOnTarget } from '../api';
import { useSignal } from '../runs/hooks';
import { LogLines } from '../runs/LogLines';
import { ErrorBoundary } from '../ui';
import type { IServersPanel } from './context';
import { serverMark } from './icon';
import { LogReader } from './logReader';
import { keyOf } from './model';

/** What a server prints, in the main area. */
export function logWidget(panel: IServersPanel, server: IOnTarget): MainAreaWidget {
  const { trans } = panel;
  const { name } = server;
  const reader = new LogReader(panel, server);
  const content = new LogBody(reader, name, trans);
  content.addClass('jp-lw-Panel');
  const widget = new MainAreaWidget({ content });
  widget.id = `labwright-server-log-${keyOf(server)}`;
  widget.title.label = trans.__('Log of %1', name);
  widget.title.icon = serverMark;
  widget.title.closable = true;
  widget.toolbar.hide();
  return widget;
}

/** Tells its reader whether it can be seen. */
class LogBody extends ReactWidget {
  constructor(
    private readonly _reader: LogReader,
    private readonly _name: string,
    private readonly _trans: IServersPanel['trans']
  ) {
    super();
  }

  override dispose(): void {
    this._reader.dispose();
    super.dispose();
  }

  protected override render(): JSX.Element {
    return (
      <ErrorBoundary trans={this._trans}>
        <ServerLog reader={this._reader} name={this._name} trans={this._trans} />
      </ErrorBoundary>
    );
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._look();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._look();
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this._look();
  }

  protected override onAfterDetach(message: Message): void {
    super.onAfterDetach(message);
    this._look();
  }

  private _look(): void {
    this._reader.seen = this.isVisible;
  }
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
