/** Settings as a form shows them, and as a cell keeps them. Pure. */

import {
  JSONExt,
  type PartialJSONObject,
  type PartialJSONValue
} from '@lumino/coreutils';

export type GroupName = 'flow' | 'compute' | 'care' | 'data' | 'cluster';

/** Every setting stands in one group; what a newer server adds stands in the last. */
const GROUPS: Record<GroupName, readonly string[]> = {
  flow: ['when', 'foreach', 'after', 'finally'],
  compute: ['image', 'packages', 'resources'],
  care: ['cache', 'retry', 'timeout'],
  data: ['volumes', 'env', 'secrets'],
  cluster: ['node_selector', 'tolerations', 'labels', 'annotations']
};

export interface IGroup {
  readonly name: GroupName;
  readonly keys: readonly string[];
  readonly schema: PartialJSONObject;
}

/** The step's schema, divided into forms of a size that people read. */
export function groups(schema: PartialJSONObject): IGroup[] {
  const properties = (schema.properties ?? {}) as PartialJSONObject;
  const known = new Set(Object.values(GROUPS).flat());
  const others = Object.keys(properties).filter(key => !known.has(key));
  return (Object.keys(GROUPS) as GroupName[]).flatMap(name => {
    const listed = name === 'cluster' ? [...GROUPS[name], ...others] : GROUPS[name];
    const keys = listed.filter(key => key in properties);
    const own = Object.fromEntries(keys.map(key => [key, properties[key]]));
    const rule = name === 'flow' && schema.not ? { not: schema.not } : {};
    return keys.length > 0
      ? [{ name, keys, schema: { type: 'object', properties: own, ...rule } }]
      : [];
  });
}

/** The group's part of the settings, with short forms written out: `gpu: 1` as `{count: 1}`. */
export function groupData(
  settings: PartialJSONObject,
  keys: readonly string[]
): PartialJSONObject {
  const data: PartialJSONObject = {};
  for (const key of keys) {
    const value = settings[key];
    if (value === undefined || value === null) {
      continue;
    }
    if (key === 'retry' && typeof value !== 'object') {
      data[key] = { count: value };
    } else if (key === 'resources' && isObject(value) && isPlain(value.gpu)) {
      data[key] = { ...value, gpu: { count: value.gpu } };
    } else {
      data[key] = JSONExt.deepCopy(value as PartialJSONValue);
    }
  }
  return data;
}

/** The settings with a group's part replaced by what the form holds; nothing empty is kept. */
export function withGroup(
  settings: PartialJSONObject,
  group: IGroup,
  data: PartialJSONObject
): PartialJSONObject {
  const kept = Object.entries(settings).filter(([key]) => !group.keys.includes(key));
  const properties = group.schema.properties as Record<string, PartialJSONObject>;
  const set = Object.entries(data).flatMap(([key, value]) => {
    const pruned = prune(value);
    const standard = properties[key]?.default;
    return pruned === undefined || pruned === standard ? [] : [[key, pruned]];
  });
  return Object.fromEntries([...kept, ...set]);
}

/** How many settings of the group are set. */
export function countSet(settings: PartialJSONObject, keys: readonly string[]): number {
  return keys.filter(key => settings[key] !== undefined).length;
}

/** Without what says nothing: null, empty texts, lists and objects. */
function prune(value: PartialJSONValue | undefined): PartialJSONValue | undefined {
  if (value === null || value === undefined || value === '') {
    return undefined;
  }
  if (Array.isArray(value)) {
    const items = value.map(prune).filter(item => item !== undefined);
    return items.length > 0 ? (items as PartialJSONValue[]) : undefined;
  }
  if (isObject(value)) {
    const entries = Object.entries(value)
      .map(([key, item]) => [key, prune(item)] as const)
      .filter(([, item]) => item !== undefined);
    return entries.length > 0 ? Object.fromEntries(entries) : undefined;
  }
  return value;
}

function isObject(value: unknown): value is PartialJSONObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPlain(value: unknown): value is number | string {
  return typeof value === 'number' || typeof value === 'string';
}
