// Users of mode `basic` with the real client: made beside a running service, each with what users.yaml gives them.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { type OpenstackHost, startOpenstackHost } from './clients/openstack-host.ts';
import { ACCOUNT_PASSWORD, accountEnvironment, manageAccounts } from './harness/accounts.ts';
import {
  makeDirectory,
  removeDirectory,
  type RunningService,
  startService,
} from './harness/service.ts';

let client: OpenstackHost;
let service: RunningService;
before(async () => {
  client = await startOpenstackHost();
  service = await startService({ directory: await makeDirectory() });
});
after(async () => {
  await client?.stop();
  await service?.stop();
  if (service !== undefined) await removeDirectory(service.directory);
});

const user = (...args: readonly string[]): Promise<void> =>
  manageAccounts(service.directory, ...args);

const statusOf = async (name: string, method: string, path: string): Promise<number> => {
  const response = await fetch(new URL(path, service.url), {
    method,
    headers: {
      authorization: `Basic ${Buffer.from(`${name}:${ACCOUNT_PASSWORD}`).toString('base64')}`,
      'x-openstack-ironic-api-version': '1.115',
    },
  });
  await response.arrayBuffer();
  return response.status;
};

const listAs = async (
  name: string,
): Promise<{ readonly names: string[]; readonly error: string }> => {
  const environment = accountEnvironment(service.url, name);
  const args = ['baremetal', 'node', 'list', '-f', 'json'];
  const { code, stdout, stderr } = await client.run(environment, args);
  const nodes: readonly { readonly Name: string }[] = code === 0 ? JSON.parse(stdout) : [];
  return { names: nodes.map((node) => node.Name).sort(), error: stderr };
};

test('each user of a running service sees what is theirs, from the next request on', async () => {
  const create = (name: string, owner: string | null) =>
    service.call('POST', '/v1/nodes', { driver: 'fake-hardware', name, owner });
  assert.equal((await create('theirs', 'p1')).status, 201);
  assert.equal((await create('others', 'p2')).status, 201);
  await user('add', 'alice', '--role', 'member', '--project', 'p1');
  await user('add', 'rita', '--role', 'reader', '--system');

  assert.deepEqual((await listAs('alice')).names, ['theirs']);
  assert.deepEqual((await listAs('rita')).names, ['others', 'theirs']);
  assert.equal(await statusOf('alice', 'GET', '/v1/nodes/others'), 404);
  assert.equal(await statusOf('rita', 'DELETE', '/v1/nodes/others'), 403);

  await user('set', 'rita', '--role', 'reader', '--project', 'p3');
  assert.deepEqual((await listAs('rita')).names, []);
  await user('remove', 'rita');
  assert.match((await listAs('rita')).error, /401|Incorrect username or password/);
  assert.doesNotMatch(await readFile(service.logPath, 'utf8'), new RegExp(ACCOUNT_PASSWORD));
});
