import { countSet, groupData, groups, withGroup } from './groups';

const schema = {
  type: 'object',
  properties: {
    when: { type: 'string' },
    finally: { type: 'boolean', default: false },
    cache: { type: 'boolean', default: true },
    retry: { type: ['object', 'integer'] },
    resources: { type: 'object' },
    packages: { type: 'array' },
    newer: { type: 'string' }
  },
  not: { required: ['finally', 'when'] }
};

it('puts every setting into one form, those it does not know into the last', () => {
  const found = groups(schema);
  expect(found.map(group => group.keys)).toEqual([
    ['when', 'finally'],
    ['packages', 'resources'],
    ['cache', 'retry'],
    ['newer']
  ]);
  expect(found[0].schema.not).toBeDefined();
});

it('writes short forms out', () => {
  expect(groupData({ retry: 2, when: 'a' }, ['retry'])).toEqual({
    retry: { count: 2 }
  });
  expect(groupData({ resources: { cpu: 2, gpu: 1 } }, ['resources'])).toEqual({
    resources: { cpu: 2, gpu: { count: 1 } }
  });
});

it('keeps what is set, and nothing that says nothing', () => {
  const [flow, compute, care] = groups(schema);
  expect(
    withGroup({ when: 'a', retry: 1 }, flow, { when: '', finally: false })
  ).toEqual({
    retry: 1
  });
  expect(withGroup({}, care, { cache: true, retry: {} })).toEqual({});
  expect(withGroup({}, care, { cache: false })).toEqual({ cache: false });
  expect(
    withGroup({}, compute, {
      packages: ['a', ''],
      resources: { cpu: null, gpu: { count: 0 } }
    })
  ).toEqual({ packages: ['a'], resources: { gpu: { count: 0 } } });
});

it('counts', () => {
  expect(countSet({ when: 'a' }, ['when', 'finally'])).toBe(1);
});
