// What the routes of exports and openings take, before the conductor is asked.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { BreakGlassDoor } from '#conductor/bmc-credential/break-glass/break-glass-door';

import { type Api, openApi } from './api/with-api.ts';

const ID = '6f2e0f0a-0000-4000-8000-000000000009';
const RECIPIENT = 'age1recipient';

let api: Api;
let asked: (readonly [string, object])[] = [];

/** In the place of the conductor's. */
const door: BreakGlassDoor = {
  requestBmcExport: async (_node, request) => {
    asked.push(['request', request]);
    return { state: 'given', id: ID, file: 'sealed', frozenUntilMs: 0 };
  },
  approveBmcExport: async (_node, approval) => {
    asked.push(['approve', approval]);
    return { state: 'given', id: ID, file: 'sealed', frozenUntilMs: 0 };
  },
  noteBmcOpened: async (_node, opening) => {
    asked.push(['opened', opening]);
    return { isCurrent: true, rotatesAtMs: 0 };
  },
};

before(async () => {
  api = await openApi();
  Object.assign(api.conductor, door);
  const made = await api.ask('POST', '/v1/nodes', {
    body: { driver: 'fake-hardware', name: 'first' },
  });
  assert.equal(made.status, 201, made.text);
});

after(() => api.close());

const post = (what: 'bmc-export' | 'bmc-opened', body?: unknown, node = 'first') => {
  asked = [];
  return api.ask('POST', `/bessemer/nodes/${node}/${what}`, body === undefined ? {} : { body });
};

test('an export is asked for with its reason and recipient, and answered with the sealed file', async () => {
  const answer = await post('bmc-export', { reason: '  drill ', recipient: RECIPIENT });

  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.deepEqual(answer.body, {
    state: 'given',
    id: ID,
    file: 'sealed',
    frozen_until: '1970-01-01T00:00:00.000000+00:00',
  });
  const [[what, request] = []] = asked;
  const { caller, ...rest } = request as { readonly caller: object };
  assert.deepEqual([what, rest], ['request', { reason: 'drill', recipient: RECIPIENT }]);
  assert.ok('requestId' in caller);
});

test('an approval names the request', async () => {
  const answer = await post('bmc-export', { approve: ID.toUpperCase() });

  assert.equal(answer.status, 200, answer.text);
  const [[what, approval] = []] = asked;
  assert.equal(what, 'approve');
  assert.deepEqual({ ...approval, caller: null }, { id: ID, caller: null });
});

test('an opening may say which file and why, or nothing', async () => {
  assert.equal((await post('bmc-opened', {})).status, 200);
  const answer = await post('bmc-opened', { write_id: 'w-1', reason: 'drill' });

  assert.deepEqual(answer.body, {
    is_current: true,
    rotates_at: '1970-01-01T00:00:00.000000+00:00',
  });
});

const WRONG: readonly (readonly ['bmc-export' | 'bmc-opened', unknown])[] = [
  ['bmc-export', undefined],
  ['bmc-export', []],
  ['bmc-export', {}],
  ['bmc-export', { reason: 'drill' }],
  ['bmc-export', { recipient: RECIPIENT }],
  ['bmc-export', { reason: '   ', recipient: RECIPIENT }],
  ['bmc-export', { reason: 'x'.repeat(501), recipient: RECIPIENT }],
  ['bmc-export', { reason: 7, recipient: RECIPIENT }],
  ['bmc-export', { reason: 'drill', recipient: [RECIPIENT] }],
  ['bmc-export', { reason: 'drill', recipient: RECIPIENT, show: true }],
  ['bmc-export', { approve: 'e1' }],
  ['bmc-opened', undefined],
  ['bmc-opened', { write_id: '../../x' }],
  ['bmc-opened', { write_id: 'x'.repeat(65) }],
  ['bmc-opened', { password: 'CANARY' }],
];

for (const [what, body] of WRONG) {
  test(`${what} ${JSON.stringify(body)?.slice(0, 60)} is refused before anybody is asked`, async () => {
    const answer = await post(what, body);

    assert.equal(answer.status, 400, answer.text);
    assert.ok(!answer.text.includes('CANARY'));
    assert.deepEqual(asked, []);
  });
}

test('a node that is not there is 404', async () => {
  assert.equal((await post('bmc-export', { approve: ID }, 'nobody')).status, 404);
});
