import type { TranslationBundle } from '@jupyterlab/translation';
import { Handle, Node, NodeProps, Position } from '@xyflow/react';
import { memo } from 'react';

import { StateIcon, stateLabel } from '../ui/state';
import { Badge, badgesOf, Box, IParameterBox, IStepBox } from './model';

export interface IBoxData extends Record<string, unknown> {
  readonly box: Box;
  readonly selected: boolean;
  readonly colour: string | undefined;
  readonly trans: TranslationBundle;
}

export type BoxNodeType = Node<IBoxData, 'box'>;

/** A box in one sentence, for those who hear it. */
export function describe(box: Box, trans: TranslationBundle): string {
  if (box.kind === 'parameter') {
    return trans.__('Parameter %1', parameterText(box));
  }
  const { step, state, why, remarks } = box;
  const inputs = step.inputs.map(input => input.name).join(', ');
  return [
    trans.__('Step %1', step.name),
    state && stateLabel(state, trans),
    why,
    ...badgesOf(step).map(badge => badgeText(badge, box, trans)),
    inputs && trans.__('takes %1', inputs),
    step.outputs.length > 0 && trans.__('gives %1', step.outputs.join(', ')),
    ...remarks
  ]
    .filter(Boolean)
    .join('. ');
}

export const BoxNode = memo(
  ({ data, targetPosition, sourcePosition }: NodeProps<BoxNodeType>): JSX.Element => (
    <>
      <Handle
        type="target"
        position={targetPosition ?? Position.Top}
        isConnectable={false}
      />
      {data.box.kind === 'step' ? (
        <StepBox {...data} box={data.box} />
      ) : (
        <div className="jp-lw-GraphParameter" title={parameterText(data.box)}>
          {parameterText(data.box)}
        </div>
      )}
      <Handle
        type="source"
        position={sourcePosition ?? Position.Bottom}
        isConnectable={false}
      />
    </>
  )
);
BoxNode.displayName = 'BoxNode';

function StepBox({
  box,
  selected,
  colour,
  trans
}: IBoxData & { box: IStepBox }): JSX.Element {
  const { step, state, why, severity, remarks } = box;
  return (
    <div
      className={`jp-lw-GraphStep ${selected ? 'jp-mod-selected' : ''}`}
      data-lw-step={step.name}
      data-lw-state={state ?? undefined}
      style={colour ? { borderLeftColor: colour } : undefined}
    >
      <div className="jp-lw-GraphStep-head" title={why ?? step.name}>
        {state && <StateIcon state={state} trans={trans} decorative />}
        <span className="jp-lw-GraphStep-name">{step.name}</span>
        {severity && (
          <span
            className="jp-lw-GraphStep-dot"
            data-lw-severity={severity}
            title={remarks.join('\n')}
          />
        )}
      </div>
      {badgesOf(step).map(badge => (
        <div
          key={badge}
          className="jp-lw-GraphStep-badge"
          title={badgeText(badge, box, trans)}
        >
          {badgeText(badge, box, trans)}
        </div>
      ))}
    </div>
  );
}

function badgeText(badge: Badge, { step }: IStepBox, trans: TranslationBundle): string {
  switch (badge) {
    case 'when':
      return trans.__('if %1', step.when);
    case 'foreach':
      return trans.__('for each %1', step.foreach);
    case 'finally':
      return trans.__('always, at the end');
  }
}

function parameterText({ parameter }: IParameterBox): string {
  return parameter.required
    ? parameter.name
    : `${parameter.name} = ${JSON.stringify(parameter.default)}`;
}
