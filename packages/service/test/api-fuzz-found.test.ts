// What the fuzzer found, each as a test of its own.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { makeRamdiskListener } from '#api/ramdisk-listener';

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

test('half a character in a body is refused, not stored as another one', async () => {
  for (const text of [String.raw`"\ud800"`, String.raw`"a\udfff\ud800"`, String.raw`"\uDEAD b"`]) {
    const body = `{"description":${text}}`;
    const { status, fault } = await api.ask('POST', '/v1/chassis', { body });

    assert.equal(status, 400, text);
    assert.match(fault ?? '', /not valid Unicode/);
  }
  const body = String.raw`{"description":"\ud83d\ude00"}`;
  const whole = await api.ask('POST', '/v1/chassis', { body });
  assert.equal(whole.body.description, '\u{1f600}');
});

test('a number that is too large to be one is refused, not stored as null', async () => {
  for (const number of ['1e999', '-1E+400', '9'.repeat(400)]) {
    const body = `{"extra":{"a":[${number}]}}`;
    const { status, fault } = await api.ask('POST', '/v1/chassis', { body });

    assert.equal(status, 400, number);
    assert.match(fault ?? '', /too large/);
  }
});

test('half a character in what a machine found is no reason to refuse the inventory', async () => {
  const app = makeRamdiskListener({
    conductor: api.conductor,
    log: api.parts.log,
    clock: api.parts.clock,
    isDisabled: false,
    publicEndpoint: undefined,
    tls: undefined,
  });

  const reply = await app.inject({
    method: 'POST',
    url: '/v1/continue_inspection',
    headers: { 'x-openstack-ironic-api-version': '1.84' },
    payload: String.raw`{"inventory":{"interfaces":[{"mac_address":"52:54:00:00:00:01"}],"disks":[{"serial":"\udcff"}]}}`,
  });
  await app.close();

  // Nobody waits for an inspection of it; the body was taken.
  assert.equal(reply.statusCode, 404);
});
