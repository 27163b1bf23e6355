/** What forms begin with, and what is asked for once they are filled in. Pure. */
import type { JSONObject, JSONValue } from '@lumino/coreutils';

import type { JsonValue, Server, ServerChangeRequest, ServerOptions } from '../api';
import { durationText } from './words';

type Properties = Record<string, JSONObject>;

/** Fields that are always in sight; the rest is folded away. */
const FIRST = ['name', 'image', 'cpu', 'memory', 'gpu', 'volumes', 'idle_after'];

/** The part of the form with the fields that `wanted` names; null where there are none. */
export function part(
  options: Pick<ServerOptions, 'schema'>,
  wanted: (field: string) => boolean
): JSONObject | null {
  const schema = options.schema as JSONObject;
  const all = schema.properties as Properties;
  const names = Object.keys(all).filter(wanted);
  const required = ((schema.required ?? []) as string[]).filter(one =>
    names.includes(one)
  );
  // A heading for the whole form would say what the dialog's title says.
  const rest: JSONObject = { ...schema };
  delete rest.title;
  return names.length === 0
    ? null
    : {
        ...rest,
        required,
        properties: Object.fromEntries(names.map(one => [one, all[one]]))
      };
}

/** The form of a server that is there: all but its name, without what a new one begins with. */
export function changeSchema(options: Pick<ServerOptions, 'schema'>, server: Server) {
  const found = part(options, field => field !== 'name' && field !== 'preset');
  return (
    found && {
      ...found,
      properties: Object.fromEntries(
        Object.entries(found.properties as Properties).map(([name, field]) => {
          const rest = { ...field };
          delete rest.default;
          return [name, withPresent(name, rest, server)];
        })
      )
    }
  );
}

/** What a server has may be chosen, though a new one could not have it any more. */
function withPresent(name: string, field: JSONObject, server: Server): JSONObject {
  const { image, image_name: title, gpu } = server;
  const choices = field.oneOf as JSONObject[] | undefined;
  if (name === 'image' && image && choices?.every(one => one.const !== image)) {
    return { ...field, oneOf: [...choices, { const: image, title: title ?? image }] };
  }
  const parts = field.properties as Properties | undefined;
  const vendors = parts?.vendor?.enum as string[] | undefined;
  if (name === 'gpu' && gpu && vendors && !vendors.includes(gpu.vendor)) {
    const vendor = { ...parts!.vendor, enum: [...vendors, gpu.vendor] };
    return { ...field, properties: { ...parts, vendor } };
  }
  return field;
}

/** The preset has a field of its own, which says what it stands for. */
export const isFirst = (field: string): boolean => FIRST.includes(field);
export const isFurther = (field: string): boolean =>
  !FIRST.includes(field) && field !== 'preset';

/** A name that none has: `server-1`. */
export function freeName(taken: Iterable<string>): string {
  const names = new Set(taken);
  let count = 1;
  while (names.has(`server-${count}`)) {
    count += 1;
  }
  return `server-${count}`;
}

/** Texts by names of a person's own: an empty one is one, too. */
const TEXTS = ['env', 'node_selector'];

/** Without what means nothing: empty texts, empty lists and objects, and no GPU. */
export function wish(data: JSONObject): JSONObject {
  const found = Object.entries(data).filter(([name, value]) => !isNothing(name, value));
  return Object.fromEntries(
    found.map(([name, value]) => [name, TEXTS.includes(name) ? value! : clean(value)])
  );
}

function isNothing(name: string, value: JSONValue | undefined): boolean {
  if (value === null || value === undefined || value === '') {
    return true;
  }
  if (name === 'gpu') {
    return !((value as JSONObject).count as number);
  }
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** The same within: a form writes null, or nothing, for what is left empty. */
function clean(value: JSONValue | undefined): JSONValue {
  if (Array.isArray(value)) {
    return value.map(clean);
  }
  if (value && typeof value === 'object') {
    const kept = Object.entries(value).filter(
      ([, one]) => one !== null && one !== undefined && one !== ''
    );
    return Object.fromEntries(kept.map(([name, one]) => [name, clean(one)]));
  }
  return value ?? null;
}

/** The fields of a server that can be changed, as a form of this schema has them. */
export function asForm(server: Server, schema: JSONObject): JSONObject {
  const volumes = (schema.properties as Properties).volumes as
    { items?: { properties?: JSONObject } } | undefined;
  const parts = volumes?.items?.properties ?? {};
  const offered = (mount: JSONObject): JSONObject =>
    Object.fromEntries(Object.entries(mount).filter(([name]) => name in parts));
  return wish({
    image: server.image,
    cpu: server.cpu,
    memory: server.memory,
    gpu: server.gpu as JSONObject | null,
    limit_factor: server.limit_factor,
    volumes: server.volumes.map(one =>
      offered({
        name: one.name,
        path: one.path,
        ...(one.existing ? { existing: one.claim } : { size: one.size }),
        read_only: one.read_only,
        reclaim: one.reclaim
      })
    ),
    env: server.env,
    idle_after: server.idle_after === null ? null : durationText(server.idle_after),
    configurations: server.configurations,
    tolerations: server.tolerations as JSONValue,
    node_selector: server.node_selector
  });
}

/** What is otherwise than it was, in a form of this schema: null for what is left empty now. */
export function changeOf(
  before: JSONObject,
  after: JSONObject,
  schema: JSONObject
): ServerChangeRequest {
  const [old, now] = [wish(before), wish(after)];
  const changed = Object.entries(schema.properties as Properties).filter(
    ([name, field]) => said(old[name], field) !== said(now[name], field)
  );
  return Object.fromEntries(
    changed.map(([name]) => [name, (now[name] ?? null) as JsonValue])
  ) as ServerChangeRequest;
}

const said = (value: JSONValue | undefined, field: JSONObject): string =>
  JSON.stringify(plain(value ?? null, field));

/** Without what a form fills in by itself within a field, which is no change; in one order. */
function plain(value: JSONValue, field: JSONObject = {}): JSONValue {
  if (Array.isArray(value)) {
    return value.map(one => plain(one, field.items as JSONObject | undefined));
  }
  if (value && typeof value === 'object') {
    const parts = (field.properties ?? {}) as Properties;
    const pairs = Object.entries(value)
      .filter(([name, one]) => one !== parts[name]?.default)
      .map(([name, one]) => [name, plain(one ?? null, parts[name])] as const);
    return Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  return value;
}
