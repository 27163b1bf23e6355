import '@xyflow/react/dist/base.css';

import type { TranslationBundle } from '@jupyterlab/translation';
import {
  Background,
  ControlButton,
  Controls,
  MarkerType,
  Position,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow
} from '@xyflow/react';
import { KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react';

import type { Graph } from '../api/types';
import { BoxNode, BoxNodeType, describe } from './boxes';
import { firstView, toShow } from './frame';
import { ILayout, IPlace, IWay, MANY, Orientation, places } from './layout';
import { LineEdge, LineEdgeType } from './lines';
import { Box, BOX_WIDTH, drawing, heightOf, IDrawing, ILink, IOverlay } from './model';
import { shapeOf, stepId } from './model';
import { directionOf, neighbour } from './walk';

export interface IPipelineGraphProps extends IOverlay {
  graph: Graph;
  trans: TranslationBundle;
  /** A step's name. */
  selected?: string | null;
  onSelect?: (step: string) => void;
  /** Double click, or Enter on the selected step. */
  onOpen?: (step: string) => void;
  orientation?: Orientation;
  /** A colour for a step, as its cells have it. */
  colours?: Readonly<Record<string, string>>;
}

const FURTHEST = 0.05;
const NODE_TYPES = { box: BoxNode };
const EDGE_TYPES = { line: LineEdge };

export default function GraphView(props: IPipelineGraphProps): JSX.Element {
  return (
    <ReactFlowProvider>
      <Flow {...props} />
    </ReactFlowProvider>
  );
}

function Flow(props: IPipelineGraphProps): JSX.Element {
  const { graph, states, preview, values, selected, colours, trans } = props;
  const { onSelect, onOpen, orientation = 'vertical' } = props;
  const picture = useMemo(
    () => drawing(graph, { states, preview, values }),
    [graph, states, preview, values]
  );
  const { boxes: where, ways } = usePlaces(picture, orientation);
  const { frame, moved, showAll } = useFrame(picture, where);
  const [focused, setFocused] = useState<string | null>(null);
  const first = picture.boxes.find(box => box.kind === 'step')?.id;
  // One stop for the Tab key; arrows lead on from there.
  const stop = [focused, selected && stepId(selected), first].find(
    id => id && where.has(id)
  );

  const nodes = useMemo(
    () =>
      picture.boxes.map((box): BoxNodeType => {
        const step = box.kind === 'step' ? box.step.name : null;
        const chosen = step !== null && step === selected;
        return {
          ...geometry(box, where.get(box.id)!, orientation),
          type: 'box',
          data: {
            box,
            selected: chosen,
            colour: step ? colours?.[step] : undefined,
            trans
          },
          ariaRole: step === null ? 'note' : 'button',
          ariaLabel: describe(box, trans),
          domAttributes: {
            tabIndex: box.id === stop ? 0 : -1,
            ...(step !== null && { 'aria-pressed': chosen })
          }
        };
      }),
    [picture, where, orientation, selected, colours, trans, stop]
  );
  const edges = useMemo(
    () => picture.links.map(link => edge(link, ways.get(link.id)!)),
    [picture, ways]
  );

  const focus = (id: string): void => {
    setFocused(id);
    moved(
      picture.boxes.find(box => box.id === id)!,
      where.get(id)!
    );
    // A box that was out of sight is there only after the next drawing.
    requestAnimationFrame(() =>
      frame.current
        ?.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`)
        ?.focus()
    );
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const id = (event.target as HTMLElement).closest<HTMLElement>('.react-flow__node')
      ?.dataset.id;
    const box = picture.boxes.find(one => one.id === id);
    if (!box) {
      return;
    }
    const direction = directionOf(event.key, orientation);
    const next = direction && neighbour(picture, where, box.id, direction, orientation);
    if (next) {
      focus(next);
    } else if (box.kind === 'step' && ['Enter', ' '].includes(event.key)) {
      const open = event.key === 'Enter' && box.step.name === selected;
      (open ? onOpen : onSelect)?.(box.step.name);
    } else if (!direction) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div
      ref={frame}
      className="jp-lw-Graph"
      role="group"
      aria-label={trans.__('Graph of %1', graph.name)}
      // JupyterLab's own shortcuts act on arrows and Enter too.
      data-lm-suppress-shortcuts="true"
      onKeyDownCapture={onKeyDown}
    >
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        minZoom={FURTHEST}
        maxZoom={2}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        disableKeyboardA11y
        onlyRenderVisibleElements={nodes.length > MANY}
        zoomOnDoubleClick={false}
        panOnScroll
        proOptions={{ hideAttribution: true }}
        ariaLabelConfig={{
          'controls.ariaLabel': trans.__('View'),
          'controls.zoomIn.ariaLabel': trans.__('Zoom in'),
          'controls.zoomOut.ariaLabel': trans.__('Zoom out')
        }}
        onNodeClick={(_, node) => {
          setFocused(node.id);
          ifStep(node.data.box, onSelect);
        }}
        onNodeDoubleClick={(_, node) => ifStep(node.data.box, onOpen)}
      >
        <Background gap={24} />
        <Controls
          orientation="horizontal"
          position="bottom-right"
          showInteractive={false}
          showFitView={false}
        >
          <ControlButton
            onClick={showAll}
            title={trans.__('Show all of it')}
            aria-label={trans.__('Show all of it')}
          >
            <svg viewBox="0 0 32 30" aria-hidden>
              <path d="M3 3h7v3H6v4H3zM22 3h7v7h-3V6h-4zM3 20h3v4h4v3H3zM26 20h3v7h-7v-3h4z" />
            </svg>
          </ControlButton>
        </Controls>
      </ReactFlow>
    </div>
  );
}

/** The places stay as long as the drawing has the same shape: states come and go without a jump. */
function usePlaces(picture: IDrawing, orientation: Orientation): ILayout {
  const shape = shapeOf(picture);
  const latest = useRef(picture);
  latest.current = picture;
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the shape stands for the picture
  return useMemo(() => places(latest.current, orientation), [shape, orientation]);
}

/** The viewport: set anew when the drawing or the panel changes, until a person moves it. */
function useFrame(picture: IDrawing, where: Map<string, IPlace>) {
  const flow = useReactFlow();
  const frame = useRef<HTMLDivElement>(null);
  const boxes = useRef(picture.boxes);
  boxes.current = picture.boxes;
  useEffect(() => {
    const node = frame.current!;
    let touched = false;
    const touch = (): void => {
      touched = true;
    };
    const show = (): void => {
      if (!touched && node.clientWidth > 0) {
        void flow.setViewport(firstView(boxes.current, where, sizeOf(node)));
      }
    };
    const observer = new ResizeObserver(show);
    observer.observe(node);
    node.addEventListener('wheel', touch, { passive: true });
    node.addEventListener('pointerdown', touch);
    show();
    return () => {
      observer.disconnect();
      node.removeEventListener('wheel', touch);
      node.removeEventListener('pointerdown', touch);
    };
  }, [flow, where]);
  const moved = (box: Box, place: IPlace): void => {
    const view = toShow(box, place, flow.getViewport(), sizeOf(frame.current!));
    if (view) {
      void flow.setViewport(view);
    }
  };
  const showAll = (): void => {
    const size = sizeOf(frame.current!);
    void flow.setViewport(firstView(boxes.current, where, size, FURTHEST));
  };
  return { frame, moved, showAll };
}

function sizeOf(node: HTMLElement): { width: number; height: number } {
  return { width: node.clientWidth, height: node.clientHeight };
}

function ifStep(box: Box, act: ((step: string) => void) | undefined): void {
  if (box.kind === 'step') {
    act?.(box.step.name);
  }
}

/** All that React Flow would otherwise measure in the page, box by box. */
function geometry(box: Box, place: IPlace, orientation: Orientation) {
  const height = heightOf(box);
  const vertical = orientation === 'vertical';
  const handle = { width: 1, height: 1 };
  const targetPosition = vertical ? Position.Top : Position.Left;
  const sourcePosition = vertical ? Position.Bottom : Position.Right;
  return {
    id: box.id,
    position: { x: place.x, y: place.y },
    width: BOX_WIDTH,
    height,
    targetPosition,
    sourcePosition,
    handles: [
      {
        ...handle,
        type: 'target' as const,
        position: targetPosition,
        x: vertical ? BOX_WIDTH / 2 : 0,
        y: vertical ? 0 : height / 2
      },
      {
        ...handle,
        type: 'source' as const,
        position: sourcePosition,
        x: vertical ? BOX_WIDTH / 2 : BOX_WIDTH,
        y: vertical ? height : height / 2
      }
    ]
  };
}

function edge(link: ILink, way: IWay): LineEdgeType {
  return {
    id: link.id,
    source: link.source,
    target: link.target,
    type: 'line',
    data: { link, way },
    markerEnd: { type: MarkerType.ArrowClosed, color: 'var(--jp-border-color0)' }
  };
}
