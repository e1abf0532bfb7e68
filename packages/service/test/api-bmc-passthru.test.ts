import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { type Api, openApi } from './api/with-api.ts';

let api: Api;

before(async () => {
  api = await openApi();
  await api.createNode({ name: 'one', driver: 'fake-hardware' });
});

after(() => api.close());

const PASSTHRU = '/v1/nodes/one/vendor_passthru';

const call = (method: string, body: object = {}, query = '') =>
  api.ask('POST', `${PASSTHRU}/${method}${query}`, { body });

test('a rotation is asked for with the words of plain clients', async () => {
  const answer = await call('rotate_bmc_password', { path: 'oob', slot: 'B', force: 'True' });

  assert.equal(answer.status, 202);
  assert.equal(answer.text, '');
  assert.deepEqual(api.conductor.credentials.at(-1), {
    method: 'rotate',
    wish: { trigger: 'request', path: 'oob', slot: 'b', given: undefined, isForced: true },
  });
});

test('taking over and repairing are rotations, too', async () => {
  await call('adopt_bmc_account', { given: 'disable' });
  await call('repair_bmc_credentials');

  assert.deepEqual(
    api.conductor.credentials.slice(-2).map(({ wish }) => [wish?.trigger, wish?.given]),
    [
      ['adopt', 'disable'],
      ['repair', undefined],
    ],
  );
});

test('what is wrong with an argument is said', async () => {
  const cases: readonly [string, object, RegExp][] = [
    ['rotate_bmc_password', { path: 'air' }, /auto, oob, inband for path/],
    ['rotate_bmc_password', { slot: 'c' }, /a, b for slot/],
    ['rotate_bmc_password', { password: 'x' }, /Unexpected arguments: password/],
    ['set_bmc_password', {}, /Missing argument: password/],
    ['freeze_bmc_credentials', { reason: ' ' }, /Missing argument: reason/],
  ];
  for (const [method, body, text] of cases) {
    const answer = await call(method, body);
    assert.equal(answer.status, 400, method);
    assert.match(answer.text, text);
  }
});

test('a password in the address of a request is refused, and not told back', async () => {
  const answer = await call('set_bmc_password', {}, '?password=CANARY-1');

  assert.equal(answer.status, 400);
  assert.doesNotMatch(answer.text, /CANARY/);
});

test('states are shown, and a node is frozen and thawed', async () => {
  const status = await api.ask('GET', `${PASSTHRU}/bmc_credential_status`);
  const frozen = await call('freeze_bmc_credentials', { reason: 'drill' });
  const thawed = await call('thaw_bmc_credentials');

  assert.deepEqual([status.status, frozen.status, thawed.status], [200, 200, 200]);
  assert.deepEqual(
    api.conductor.credentials.slice(-2).map(({ method }) => method),
    ['freeze: drill', 'thaw'],
  );
});
