import { ServerConnection } from '@jupyterlab/services';

import { ApiError, Client, isFinal, runKey, splitKey } from './client';

function clientOf(
  status: number,
  body: string | null
): { client: Client; asked: string[] } {
  const asked: string[] = [];
  const settings = ServerConnection.makeSettings({
    baseUrl: 'http://here/base/',
    fetch: request => {
      asked.push((request as Request).url);
      return Promise.resolve(new Response(body, { status, statusText: 'No' }));
    }
  });
  return { client: new Client(settings), asked };
}

describe('Client', () => {
  it('asks at the right address and leaves out what is not given', async () => {
    const { client, asked } = clientOf(200, '{"runs": [], "next": null, "total": 0}');
    expect((await client.runs({ text: 'a b', limit: 5, state: undefined })).total).toBe(
      0
    );
    // JupyterLab adds the time, so that no cache answers.
    expect(asked[0]).toMatch(
      /^http:\/\/here\/base\/labwright\/api\/v1\/runs\?text=a\+b&limit=5&\d+$/
    );
  });

  it('writes names safely into addresses', () => {
    const { client } = clientOf(200, '');
    expect(client.fileUrl('r/1', 'steps/a b/x.npy')).toBe(
      'http://here/base/labwright/api/v1/runs/r%2F1/files/steps/a%20b/x.npy'
    );
    expect(client.pageUrl('r', 's', 0)).toMatch(
      /runs\/r\/steps\/s\/html\?iteration=0$/
    );
  });

  it('asks about a run where it is', async () => {
    const { client, asked } = clientOf(200, '{}');
    const far = runKey({ run_id: 'a@b', target: 'cluster' });
    expect(splitKey(far)).toEqual({ run_id: 'a@b', target: 'cluster' });
    expect(splitKey(runKey({ run_id: 'r', target: 'local' })).target).toBe('local');
    await client.run(far);
    await client.archive(far);
    await client.log(far, 's', { offset: 3 });
    await client.compare('r', far);
    expect(asked.map(url => url.split('/v1/')[1].replace(/[?&]\d+$/, ''))).toEqual([
      'runs/a%40b?target=cluster',
      'runs/a%40b/archive?target=cluster',
      'runs/a%40b/steps/s/log?target=cluster&offset=3',
      'runs/compare?left=r&right=a%40b&right_target=cluster'
    ]);
    expect(client.fileUrl(far, 's/x')).toMatch(
      /runs\/a%40b\/files\/s\/x\?target=cluster$/
    );
  });

  it('reads lines as they come, however they are cut', async () => {
    const chunks = ['{"text": "a', '\u00e4"}\n\n{"text"', ': "b"}\n', '{"lost'];
    const bytes = new TextEncoder();
    const settings = ServerConnection.makeSettings({
      baseUrl: 'http://here/',
      fetch: async () => {
        const left = chunks.map(chunk => bytes.encode(chunk));
        const read = async () => ({ done: left.length === 0, value: left.shift() });
        const body = { getReader: () => ({ read }) };
        return { ok: true, status: 200, body } as unknown as Response;
      }
    });
    const texts: string[] = [];
    const since = { offset: 0, log: '' };
    const signal = new AbortController().signal;
    for await (const { text } of new Client(settings).followServerLog(
      { name: 'work', target: 'local' },
      since,
      signal
    )) {
      texts.push(text);
    }
    expect(texts).toEqual(['a\u00e4', 'b']);
  });

  it('says what the server says', async () => {
    const { client } = clientOf(
      409,
      '{"code": "busy", "message": "Wait.", "detail": [1]}'
    );
    const error = await client.cancel('r').catch(reason => reason);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      code: 'busy',
      message: 'Wait.',
      detail: [1],
      status: 409
    });
  });

  it('makes do with a page of a proxy', async () => {
    const { client } = clientOf(502, '<html>');
    await expect(client.status()).rejects.toMatchObject({
      code: 'unknown',
      message: '502 No'
    });
  });

  it('takes an empty answer', async () => {
    const { client } = clientOf(204, null);
    await expect(client.remove('r')).resolves.toBeUndefined();
  });
});

describe('isFinal', () => {
  it('is true where nothing changes any more', () => {
    expect(isFinal('CANCELED')).toBe(true);
    expect(isFinal('CANCELING')).toBe(false);
  });
});
