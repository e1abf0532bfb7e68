// The calls of agents on the public listener: not there, unless the operator puts them there for users.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { as, authenticatePersona } from './api/personas.ts';
import { type Api, openApi } from './api/with-api.ts';

const UUID = '11111111-2222-4333-8444-555555555555';
const LOOKUP = '/v1/lookup?addresses=52:54:00:00:00:01';
const HEARTBEAT = `/v1/heartbeat/${UUID}`;
const BEAT = { callback_url: 'https://10.0.0.5:9999', agent_token: 'x', agent_version: '9.0' };

const open = async (
  context: TestContext,
  options: Omit<NonNullable<Parameters<typeof openApi>[0]>, 'api'> & { api?: object } = {},
): Promise<Api> => {
  const api = await openApi({
    authenticate: authenticatePersona,
    ...options,
    api: { publicAgentRoutes: 'policy', ...options.api },
  });
  context.after(api.close);
  const node = { uuid: UUID, properties: {}, instance_info: {} };
  api.conductor.lookupAnswer = { node, config: {} } as never;
  return api;
};

const callsOf = async (api: Api): Promise<{ readonly [persona: string]: readonly number[] }> => {
  const statuses: { [persona: string]: readonly number[] } = {};
  for (const persona of ['system-admin', 'system-reader', 'owner-manager'] as const) {
    const lookup = await api.ask('GET', LOOKUP, as(persona));
    const beat = await api.ask('POST', HEARTBEAT, { ...as(persona), body: BEAT });
    statuses[persona] = [lookup.status, beat.status];
  }
  return statuses;
};

test('there are none', async (context) => {
  const api = await open(context, { api: { publicAgentRoutes: '404' } });

  assert.deepEqual((await callsOf(api))['system-admin'], [404, 404]);
});

test('put there, they are for those who keep the whole system', async (context) => {
  const api = await open(context);

  assert.deepEqual(await callsOf(api), {
    'system-admin': [200, 202],
    'system-reader': [403, 403],
    'owner-manager': [403, 403],
  });
});

test('put there, they are for whom the policy file says', async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'bessemer-policy-'));
  context.after(() => rm(directory, { recursive: true }));
  const file = join(directory, 'policy.yaml');
  await writeFile(file, '"baremetal:driver:ipa_lookup": "role:reader"\n');

  const api = await open(context, { policy: { files: [file] } });

  assert.deepEqual(await callsOf(api), {
    'system-admin': [200, 202],
    'system-reader': [200, 403],
    'owner-manager': [200, 403],
  });
});

test('put there, nobody calls without a login, and off is 403 for all', async (context) => {
  const strangers = await open(context, {
    authenticate: () => ({ outcome: 'refused', status: 401, headers: {}, body: '{}' }),
  });
  const off = await open(context, { api: { isAgentApiOff: true } });

  assert.deepEqual((await callsOf(strangers))['system-admin'], [401, 401]);
  assert.deepEqual((await callsOf(off))['system-admin'], [403, 403]);
});
