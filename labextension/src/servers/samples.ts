/** Servers, volumes and options for tests. */
import type { Image, Server, ServerOptions, Volume } from '../api';

export function server(name: string, more: Partial<Server> = {}): Server {
  return {
    name,
    target: 'local',
    state: 'RUNNING',
    message: null,
    progress: [],
    image: null,
    image_name: 'Python 3',
    cpu: '2',
    memory: '4Gi',
    gpu: null,
    limit_factor: null,
    volumes: [],
    env: {},
    configurations: [],
    tolerations: [],
    node_selector: {},
    created_at: '2026-01-01T00:00:00Z',
    started_at: '2026-01-01T00:00:05Z',
    last_activity: null,
    idle_after: 28_800,
    stop_at: null,
    stopped_at: null,
    stop_reason: null,
    pending_restart: false,
    preset: null,
    owner_kind: 'local',
    ...more
  };
}

export function mount(
  name: string,
  more: Partial<Server['volumes'][number]> = {}
): Server['volumes'][number] {
  return {
    name,
    path: `/home/jovyan/${name}`,
    claim: `work-${name}`,
    size: '5Gi',
    read_only: false,
    reclaim: 'Retain',
    existing: false,
    ...more
  };
}

export function volume(name: string, more: Partial<Volume> = {}): Volume {
  return {
    name,
    target: 'local',
    size: '5Gi',
    used_bytes: 1_200_000,
    state: 'BOUND',
    message: null,
    storage_class: null,
    access_mode: 'ReadWriteOnce',
    used_by: [],
    created_at: '2026-01-01T00:00:00Z',
    path: null,
    ...more
  };
}

export function image(name: string, more: Partial<Image> = {}): Image {
  return {
    name,
    target: 'local',
    display_name: name,
    description: '',
    reference: `example/${name}:1`,
    packages: [],
    gpu_vendor: null,
    deprecated: false,
    message: null,
    redirect: null,
    hidden: false,
    used_by: 0,
    ...more
  };
}

/** What a cluster offers, too: where a server runs. */
export function clusterOptions(): ServerOptions {
  const found = options({ configurations: ['git', 's3'] });
  const properties = found.schema.properties as Record<string, Record<string, unknown>>;
  const texts = { type: 'object', additionalProperties: { type: 'string' } };
  Object.assign(properties, {
    image: {
      title: 'Image',
      type: ['string', 'null'],
      oneOf: [
        { const: null, title: 'None' },
        { const: 'base', title: 'Base' }
      ]
    },
    limit_factor: { title: 'Limit factor', type: ['number', 'null'], minimum: 1 },
    configurations: {
      title: 'Configurations',
      type: 'array',
      uniqueItems: true,
      default: ['s3'],
      items: { type: 'string', enum: ['git', 's3'] }
    },
    tolerations: {
      title: 'Tolerations',
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        properties: {
          key: { title: 'Key', type: ['string', 'null'] },
          operator: {
            title: 'Operator',
            type: 'string',
            enum: ['Equal', 'Exists'],
            default: 'Equal'
          },
          value: { title: 'Value', type: ['string', 'null'] }
        }
      }
    },
    node_selector: { title: 'Node labels', ...texts }
  });
  return found;
}

export function options(more: Partial<ServerOptions> = {}): ServerOptions {
  return {
    schema: {
      title: 'Server',
      type: 'object',
      additionalProperties: false,
      required: ['name'],
      properties: {
        name: { title: 'Name', type: 'string', pattern: '^[a-z][-a-z0-9]*$' },
        preset: { title: 'Resource profile', type: ['string', 'null'] },
        image: { title: 'Image', type: ['string', 'null'] },
        cpu: { title: 'CPUs', type: ['string', 'null'] },
        memory: { title: 'Memory', type: ['string', 'null'] },
        gpu: {
          title: 'GPUs',
          type: 'object',
          properties: {
            count: { title: 'Count', type: 'integer', default: 0 },
            vendor: {
              title: 'Kind',
              type: 'string',
              enum: ['nvidia.com/gpu'],
              default: 'nvidia.com/gpu'
            }
          }
        },
        volumes: {
          title: 'Volumes',
          type: 'array',
          items: {
            type: 'object',
            additionalProperties: false,
            properties: {
              name: { title: 'Name', type: 'string' },
              path: { title: 'Folder', type: 'string' },
              size: { title: 'Size', type: ['string', 'null'] },
              existing: { title: 'Existing volume', type: ['string', 'null'] },
              reclaim: { title: 'Reclaim', type: 'string', default: 'Retain' }
            }
          }
        },
        idle_after: { title: 'Stop when idle for', type: ['string', 'null'] },
        env: {
          title: 'Environment variables',
          type: 'object',
          additionalProperties: { type: 'string' }
        }
      }
    },
    presets: [
      {
        id: 'small-training',
        display_name: 'Small training',
        description: 'Training a small model on one GPU.',
        cpu: '4',
        memory: '16Gi',
        gpu: 1
      }
    ],
    images: [image('base')],
    gpus: [{ vendor: 'nvidia.com/gpu', name: 'A100', total: 8, free: 3 }],
    storage_classes: [],
    volumes: [],
    configurations: [],
    defaults: {},
    not_offered: {},
    ...more
  };
}
