import { nullTranslator } from '@jupyterlab/translation';

import { asForm, changeOf, changeSchema, freeName, isFirst, part, wish } from './form';
import { early, wordOf } from './notify';
import { leadsAstray } from './open';
import { clusterOptions, mount, options, server, volume } from './samples';
import { durationText, leftText, secondsLeft, sizeText, volumeText } from './words';

const trans = nullTranslator.load('labwright');

describe('words', () => {
  it.each([
    [0, 'never'],
    [90, '1m30s'],
    [28_800, '8h'],
    [90_000, '1d1h']
  ])('%d seconds are %s', (seconds, text) => expect(durationText(seconds)).toBe(text));

  it('say how large a server is, and how full a volume', () => {
    const gpu = { count: 1, vendor: 'nvidia.com/gpu' };
    expect(sizeText({ cpu: '1', memory: null, gpu }, trans)).toBe('1 CPU, 1 GPU');
    expect(sizeText({ cpu: null, memory: null, gpu: null }, trans)).toBe('');
    expect(volumeText(volume('a', { used_bytes: null }), trans)).toBe('5Gi · not used');
    expect(volumeText(volume('a', { size: null, used_by: ['b'] }), trans)).toBe(
      '1.2 MB · used by b'
    );
  });

  it('say how long is left, of what runs only', () => {
    const at = '2026-01-01T00:10:00Z';
    const now = Date.parse('2026-01-01T00:00:00Z');
    expect(secondsLeft({ state: 'RUNNING', stop_at: at }, now)).toBe(600);
    expect(secondsLeft({ state: 'STOPPED', stop_at: at }, now)).toBeNull();
    expect(secondsLeft({ state: 'RUNNING', stop_at: null }, now)).toBeNull();
    expect(leftText(600, trans)).toBe('stops in 10 min unless used');
    expect(leftText(0.2, trans)).toBe('idle: about to be stopped');
  });
});

describe('forms', () => {
  it('have only the fields that are wanted and offered', () => {
    const first = part(options(), isFirst)!;
    expect(Object.keys(first.properties as object)).toEqual([
      'name',
      'image',
      'cpu',
      'memory',
      'gpu',
      'volumes',
      'idle_after'
    ]);
    expect(first.required).toEqual(['name']);
    expect(part(options(), () => false)).toBeNull();
    expect(part(options(), field => field === 'cpu')!.required).toEqual([]);
  });

  it('ask for nothing where nothing is said', () => {
    expect(
      wish({
        name: 'a',
        image: null,
        cpu: '',
        gpu: { count: 0, vendor: 'nvidia.com/gpu' },
        volumes: [{ name: 'home', path: '/home', size: '5Gi', existing: null }],
        env: {}
      })
    ).toEqual({ name: 'a', volumes: [{ name: 'home', path: '/home', size: '5Gi' }] });
    expect(wish({ gpu: { count: 2, vendor: 'x' } })).toEqual({
      gpu: { count: 2, vendor: 'x' }
    });
  });

  it('send what was changed and nothing else', () => {
    const work = server('work', {
      volumes: [mount('home'), mount('data', { existing: true, claim: 'shared' })],
      env: { A: 'b' }
    });
    const schema = changeSchema(options(), work)!;
    const before = asForm(work, schema);
    // A part of a volume that is not offered there is not in the form either.
    expect((before.volumes as object[])[0]).not.toHaveProperty('read_only');
    expect(before).toMatchObject({ idle_after: '8h', cpu: '2', env: { A: 'b' } });
    // What the form fills in by itself is no change.
    const filled = {
      ...before,
      gpu: { count: 0, vendor: 'nvidia.com/gpu' },
      volumes: [
        { path: '/home/jovyan/home', name: 'home', size: '5Gi', existing: null },
        { name: 'data', path: '/home/jovyan/data', existing: 'shared', size: null }
      ]
    };
    expect(changeOf(before, filled, schema)).toEqual({});
    expect(changeOf(before, { ...filled, memory: '8Gi', cpu: '' }, schema)).toEqual({
      cpu: null,
      memory: '8Gi'
    });
  });

  it('change all that is offered of a server but its name', () => {
    const found = changeSchema(clusterOptions(), server('work'))!;
    expect(Object.keys(found.properties)).toEqual([
      'image',
      'cpu',
      'memory',
      'gpu',
      'volumes',
      'idle_after',
      'env',
      'limit_factor',
      'configurations',
      'tolerations',
      'node_selector'
    ]);
    expect(found.required).toEqual([]);
    // What a new server begins with is no wish of one that is there.
    expect(found.properties.configurations).not.toHaveProperty('default');
  });

  it('begin with where a server runs, and send what is changed of that', () => {
    const work = server('work', {
      limit_factor: 1.5,
      configurations: ['git', 's3'],
      tolerations: [{ key: 'gpu', operator: 'Exists' }],
      node_selector: { disk: 'ssd', gpu: '' }
    });
    const schema = changeSchema(clusterOptions(), work)!;
    const before = asForm(work, schema);
    expect(before).toMatchObject({
      limit_factor: 1.5,
      configurations: ['git', 's3'],
      tolerations: [{ key: 'gpu', operator: 'Exists' }],
      node_selector: { disk: 'ssd', gpu: '' }
    });
    const change = (more: object) => changeOf(before, { ...before, ...more }, schema);
    const taint = { key: 'gpu', operator: 'Exists', value: null, effect: undefined };
    expect(change({ tolerations: [taint] })).toEqual({});
    expect(change({ tolerations: [taint, { key: 'big', operator: 'Equal' }] })).toEqual(
      {
        tolerations: [
          { key: 'gpu', operator: 'Exists' },
          { key: 'big', operator: 'Equal' }
        ]
      }
    );
    // Many labels have no value; to have none at all is another thing.
    expect(change({ node_selector: { disk: '', gpu: '' } })).toEqual({
      node_selector: { disk: '', gpu: '' }
    });
    expect(change({ node_selector: {}, tolerations: [] })).toEqual({
      node_selector: null,
      tolerations: null
    });
    expect(change({ limit_factor: null, configurations: ['s3'] })).toEqual({
      limit_factor: null,
      configurations: ['s3']
    });
  });

  it('offer what a server has, though a new one could not have it', () => {
    const gpu = { count: 1, vendor: 'amd.com/gpu' };
    const schema = changeSchema(
      clusterOptions(),
      server('work', { image: 'old', gpu })
    )!;
    expect(schema.properties).toMatchObject({
      image: { oneOf: [{ const: null }, { const: 'base' }, { const: 'old' }] },
      gpu: { properties: { vendor: { enum: ['nvidia.com/gpu', 'amd.com/gpu'] } } }
    });
  });

  it('propose a name that is free', () => {
    expect(freeName([])).toBe('server-1');
    expect(freeName(['server-1', 'work', 'server-2'])).toBe('server-3');
  });
});

describe('what is told of a server', () => {
  const word = (from: string, to: string, more = {}, here = false) =>
    wordOf(
      server('work', { state: from as never }),
      server('work', { state: to as never, ...more }),
      here,
      trans
    )?.text;

  it('is that it is ready, has failed, or was stopped by nobody here', () => {
    expect(word('STARTING', 'RUNNING')).toBe('The server work is ready');
    expect(word('STARTING', 'FAILED', { message: 'No room.' })).toBe(
      'The server work failed: No room.'
    );
    const idle = { stop_reason: 'it was idle for 8h' };
    expect(word('STOPPING', 'STOPPED', idle)).toBe(
      'The server work stopped. It was idle for 8h'
    );
    expect(word('STOPPING', 'STOPPED', idle, true)).toBeUndefined();
    expect(word('RUNNING', 'RUNNING')).toBeUndefined();
    expect(wordOf(null, server('work'), false, trans)).toBeNull();
  });

  it('comes ten minutes before its end, or later where there is less time', () => {
    expect(early(server('a', { idle_after: 28_800 }))).toBe(600);
    expect(early(server('a', { idle_after: 400 }))).toBe(100);
  });
});

it('knows an address that leads to the wrong machine', () => {
  const own = 'http://127.0.0.1:8888/labwright/servers/a/';
  expect(leadsAstray(own, 'https://hub.example/lab')).toBe(true);
  expect(leadsAstray(own, 'http://localhost:8888/lab')).toBe(false);
  expect(leadsAstray('/labwright/servers/a/', 'https://hub.example/lab')).toBe(false);
});
