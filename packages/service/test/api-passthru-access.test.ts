// T-53: methods of vendors and of ours, as those call them who may not.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { as, authenticatePersona, LESSEE, OWNER, type Persona } from './api/personas.ts';
import { type Api, openApi } from './api/with-api.ts';

type Call = { readonly verb: 'GET' | 'POST' | 'PUT' | 'DELETE'; readonly url: string };

const STRANGERS: readonly Persona[] = ['stranger-manager', 'stranger-reader'];
const WHO_SEE: readonly Persona[] = [
  'system-reader',
  'owner-reader',
  'owner-member',
  'owner-manager',
  'lessee-reader',
  'lessee-member',
  'lessee-manager',
];

let api: Api;
let node: string;
before(async () => {
  api = await openApi({ authenticate: authenticatePersona });
  node = (await api.createNode({ owner: OWNER, lessee: LESSEE })).uuid;
});
after(() => api?.close());

/** Every method under each verb that it has, by path and by query, and one that nobody has. */
const callsBelow = async (path: string): Promise<readonly Call[]> => {
  const { status, body } = await api.ask('GET', `${path}/methods`);
  assert.equal(status, 200);
  const methods = Object.entries<{ readonly http_methods: readonly Call['verb'][] }>(body);
  return [...methods, ['nobody_has_this', { http_methods: ['GET', 'POST'] }] as const].flatMap(
    ([name, { http_methods }]) =>
      http_methods.flatMap((verb) => [
        { verb, url: `${path}/${name}` },
        { verb, url: `${path}?method=${name}` },
      ]),
  );
};

const statusOf = async (persona: Persona, { verb, url }: Call): Promise<number> =>
  (await api.ask(verb, url, { ...as(persona), ...(verb === 'GET' ? {} : { body: {} }) })).status;

/** `persona verb url: status` where it is another one than `expected`. */
const deviations = async (
  personas: readonly Persona[],
  calls: readonly Call[],
  expected: number,
): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const persona of personas) {
    for (const each of calls) {
      const status = await statusOf(persona, each);
      if (status !== expected) found.push(`${persona} ${each.verb} ${each.url}: ${status}`);
    }
  }
  return found;
};

describe('T-53: methods of a node', () => {
  test('are refused to whoever only sees the node, and are not there for others', async () => {
    const calls = await callsBelow(`/v1/nodes/${node}/vendor_passthru`);

    assert.ok(calls.some(({ url }) => url.endsWith('/agent_session_revoke')));
    assert.deepEqual(await deviations(WHO_SEE, calls, 403), []);
    assert.deepEqual(await deviations(STRANGERS, calls, 404), []);
    assert.deepEqual(api.conductor.revoked, []);
  });
});

describe('T-53: methods of a driver', () => {
  test('are refused to all but the administrator of the system', async () => {
    const calls = await callsBelow('/v1/drivers/fake-hardware/vendor_passthru');

    assert.deepEqual(await deviations([...WHO_SEE, ...STRANGERS], calls, 403), []);
  });
});

test('T-53: nobody calls a method without a login', async () => {
  const closed = await openApi({
    authenticate: () => ({ outcome: 'refused', status: 401, headers: {}, body: '{}' }),
  });
  try {
    for (const url of [
      `/v1/nodes/${node}/vendor_passthru/first_method`,
      `/v1/nodes/${node}/vendor_passthru?method=first_method`,
      '/v1/drivers/fake-hardware/vendor_passthru/driver_method',
    ]) {
      for (const verb of ['GET', 'POST', 'PUT', 'DELETE'] as const) {
        assert.equal((await closed.ask(verb, url)).status, 401, `${verb} ${url}`);
      }
    }
  } finally {
    await closed.close();
  }
});
