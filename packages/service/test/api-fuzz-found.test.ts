// What the fuzzer found, each as a test of its own.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { type Api, openApi } from './api/with-api.ts';

let api: Api;
before(async () => {
  api = await openApi();
});
after(() => api.close());

test('a path that is no UTF-8 is refused in the envelope, with a request id', async () => {
  const { status, body, headers } = await api.ask('GET', '/v1/nodes/%ED%A0%80');

  assert.equal(status, 400);
  assert.equal(JSON.parse(body.error_message).code, 400);
  assert.match(String(headers['openstack-request-id']), /^req-/);
});

test('a name that is longer than any can be is not there, in the envelope', async () => {
  const { status, body, headers } = await api.ask('GET', `/v1/nodes/${'a'.repeat(5_000)}`);

  assert.equal(status, 404);
  assert.equal(JSON.parse(body.error_message).code, 404);
  assert.match(String(headers['openstack-request-id']), /^req-/);
});
