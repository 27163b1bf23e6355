import type { LabIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { ReactNode } from 'react';

interface IProps {
  readonly id: string;
  readonly commands: CommandRegistry;
  readonly args?: ReadonlyPartialJSONObject;
}

/** A command as a button with words. */
export function Act(
  props: IProps & { primary?: boolean; disabled?: boolean; children: ReactNode }
): JSX.Element {
  const { id, commands, args, primary, disabled, children } = props;
  return (
    <button
      type="button"
      className={`jp-lw-Button ${primary ? 'jp-mod-primary' : ''}`}
      disabled={disabled || !can(props)}
      title={commands.hasCommand(id) ? commands.caption(id, args) : ''}
      onClick={() => void commands.execute(id, args)}
    >
      {children}
    </button>
  );
}

/** A command as a button with a picture. */
export function IconAct(props: IProps & { icon: LabIcon; label: string }): JSX.Element {
  const { id, commands, args, icon, label } = props;
  return (
    <button
      type="button"
      className="jp-lw-IconButton"
      disabled={!can(props)}
      title={label}
      aria-label={label}
      onClick={() => void commands.execute(id, args)}
    >
      <icon.react tag={null} width="16px" height="16px" aria-hidden />
    </button>
  );
}

function can({ id, commands, args }: IProps): boolean {
  return commands.hasCommand(id) && commands.isEnabled(id, args);
}
