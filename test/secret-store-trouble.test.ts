// A secret store that cannot be used stops nobody but rotations: the API is up, and the trouble is told.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { systemClock } from '../packages/service/src/clock.ts';
import { openEmbeddedSecrets } from '../packages/service/src/serve/embedded-secrets.ts';
import { openStore } from '../packages/service/src/store/database.ts';
import { openKeyRing } from '../packages/service/src/trust/key-ring.ts';
import { newPlace, newWrite } from '../packages/service/test/secret-store-contract.ts';
import { ROLE_ID, startVaultFake, type VaultFake } from '../packages/service/test/vault-fake.ts';
import {
  makeDirectory,
  removeDirectory,
  type RunningService,
  startService,
} from './harness/service.ts';
import { waitFor } from './harness/wait-for.ts';

const TOLD_MS_MAX = 30_000;

let vault: VaultFake;
const directories: string[] = [];
const services: RunningService[] = [];

before(async () => {
  vault = await startVaultFake();
});
after(async () => {
  for (const service of services) await service.kill();
  for (const directory of directories) await removeDirectory(directory);
  await vault?.stop();
});

const makeOwnDirectory = async (): Promise<string> => {
  const directory = await makeDirectory();
  directories.push(directory);
  return directory;
};

const start = async (directory: string, settings: readonly string[]): Promise<RunningService> => {
  const all = ['bmc_credentials.store_check_interval=1', ...settings];
  const service = await startService({ directory, settings: all });
  services.push(service);
  return service;
};

type Entry = { readonly event: string; readonly detail: { readonly reason?: string } };

/** Waits until the newest event about the store is `expected`, as event and reason. */
const waitForTold = async (service: RunningService, expected: string): Promise<void> => {
  const look = async (): Promise<string> => {
    const { body } = await service.call('GET', '/bessemer/audit');
    const { audit } = body as { readonly audit: readonly Entry[] };
    const told = audit.filter(({ event }) => event.startsWith('bmc.store.'));
    const { event, detail } = told.at(-1) ?? { event: 'nothing', detail: {} };
    return [event, detail.reason].join(' ').trim();
  };
  await waitFor(look, (told) => told === expected, TOLD_MS_MAX);
};

test('a Vault that is sealed at the start is told, and told again when it is back', async () => {
  const directory = await makeOwnDirectory();
  const secretId = join(directory, 'secret-id');
  await writeFile(secretId, vault.state.secretId, { mode: 0o400 });
  vault.state.isSealed = true;

  const service = await start(directory, [
    'bmc_credentials.store=vault',
    `vault.url=${vault.url}`,
    `vault.role_id=${ROLE_ID}`,
    `vault.secret_id_file=${secretId}`,
  ]);
  const created = await service.call('POST', '/v1/nodes', { driver: 'fake-hardware' });
  await waitForTold(service, 'bmc.store.down sealed');
  vault.state.isSealed = false;
  await waitForTold(service, 'bmc.store.up');
  vault.state.isAllowed = false;
  await waitForTold(service, 'bmc.store.down unauthorised');
  vault.state.isAllowed = true;

  assert.equal(created.status, 201);
});

test('with the wrong master key the API is up, the store is sealed, and no rotation begins', async () => {
  const directory = await makeOwnDirectory();
  const data = join(directory, 'data');
  await (await start(directory, [])).stop();
  const keys = await openKeyRing(join(data, 'keys'));
  const store = await openStore({ engine: 'sqlite', path: join(data, 'bessemer.sqlite') });
  await openEmbeddedSecrets(store, keys, systemClock).put(newWrite(newPlace()));
  await store.close();
  const kek = join(data, 'keys', 'kek-0001');
  await chmod(kek, 0o600);
  await writeFile(kek, randomBytes(32));

  const service = await start(directory, []);
  const { status } = await service.call('GET', '/v1/nodes');
  await waitForTold(service, 'bmc.store.down sealed');
  await service.call('POST', '/v1/nodes', {
    driver: 'redfish',
    name: 'n1',
    driver_info: { redfish_address: 'https://192.0.2.1' },
  });
  const asked = await service.call('POST', '/v1/nodes/n1/vendor_passthru/rotate_bmc_password', {});

  assert.equal(status, 200);
  assert.equal(asked.status, 503);
  assert.match(asked.text, /The secret store cannot be used/);
});
