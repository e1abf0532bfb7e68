// The secret store as the configuration names it: what is refused at the start, and what is not.

import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';

import { systemClock } from '#clock';
import { loadConfig } from '#config/load';
import { openStore, type Store } from '#store/database';
import { type KeyRing, openKeyRing } from '#trust/key-ring';
import type { SecretStore } from '#trust/secret-store/secret-store';

import { openSecretStore } from '../src/serve/open-secret-store.ts';
import { newPlace, newWrite, passwordAt, troubleIs } from './secret-store-contract.ts';
import { ROLE_ID, ROOT_TOKEN, startVaultFake, type VaultFake } from './vault-fake.ts';

let root: string;
let store: Store;
let keys: KeyRing;
let vault: VaultFake;
const opened: SecretStore[] = [];

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'bessemer-open-secrets-'));
  store = await openStore({ engine: 'sqlite', path: join(root, 'bessemer.sqlite') });
  keys = await openKeyRing(join(root, 'keys'));
  vault = await startVaultFake();
});
after(async () => {
  for (const each of opened) await each.close();
  await vault?.stop();
  await store?.close();
  await rm(root, { recursive: true, force: true });
});
beforeEach(async () => {
  await secretFile('secret-id', vault.state.secretId);
});

const secretFile = async (name: string, text: string, mode = 0o400): Promise<string> => {
  const path = join(root, name);
  await rm(path, { force: true });
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
};

const open = async (overrides: readonly string[]): Promise<SecretStore> => {
  const { settings } = await loadConfig({ file: undefined, environment: {}, overrides });
  const found = await openSecretStore(settings, { store, keys, clock: systemClock });
  opened.push(found);
  return found;
};

const vaultSettings = (): readonly string[] => [
  'bmc_credentials.store=vault',
  `vault.url=${vault.url}`,
  `vault.role_id=${ROLE_ID}`,
  `vault.secret_id_file=${join(root, 'secret-id')}`,
];

const barbicanSettings = (): readonly string[] => [
  'bmc_credentials.store=barbican',
  'barbican.url=https://127.0.0.1:9/v1',
  'barbican.auth_url=https://127.0.0.1:9/v3',
  'barbican.application_credential_id=7b1f',
  `barbican.application_credential_secret_file=${join(root, 'secret-id')}`,
];

test('where nothing is said, passwords lie in the database of the service', async () => {
  const secrets = await open([]);
  const write = newWrite(newPlace());
  await secrets.put(write);

  assert.equal(secrets.kind, 'embedded');
  assert.equal(await passwordAt(secrets, write.place), write.credential.password.reveal());
});

test('Vault is logged in to with an AppRole, and with a secret id that was changed meanwhile', async () => {
  const secrets = await open(vaultSettings());
  const write = newWrite(newPlace());
  await secrets.put(write);
  vault.state.secretId = 'secret-id-2';
  vault.tokens.clear();
  await secretFile('secret-id', 'secret-id-2\n');

  assert.equal(secrets.kind, 'vault');
  assert.equal(await passwordAt(secrets, write.place), write.credential.password.reveal());
});

test('Vault is spoken to with a token from a file', async () => {
  vault.tokens.set(ROOT_TOKEN, { endMs: Infinity, lifeSeconds: 0 });
  const path = await secretFile('token', `${ROOT_TOKEN}\n`);

  const secrets = await open([
    'bmc_credentials.store=vault',
    `vault.url=${vault.url}/`,
    `vault.token_file=${path}`,
  ]);

  assert.deepEqual(await secrets.health(), { state: 'ready' });
});

test('a store that is away is opened, and says that it is away', async () => {
  const secrets = await open(barbicanSettings());

  assert.equal(secrets.kind, 'barbican');
  assert.equal((await secrets.health()).state, 'away');
});

test('a secret that others can read since the start is not used', async () => {
  const secrets = await open(vaultSettings());
  await chmod(join(root, 'secret-id'), 0o444);

  await assert.rejects(secrets.get(newPlace()), {
    ...troubleIs('unauthorised'),
    message: /vault\.secret_id_file: other users can use/,
  });
  assert.equal((await secrets.health()).state, 'unauthorised');
});

const REFUSED: readonly (readonly [what: string, change: string, expected: RegExp])[] = [
  ['no URL', 'vault.url=', /^vault\.url is needed/],
  ['an URL that is none', 'vault.url=vault', /^vault\.url: /],
  ['clear text over a network', 'vault.url=http://192.0.2.1:8200', /^vault\.url: .*https/],
  ['a password in the URL', 'vault.url=https://a:b@vault', /^vault\.url: .*without a user/],
  ['no role', 'vault.role_id=', /^vault\.role_id is needed/],
  ['no secret', 'vault.secret_id_file=', /^vault\.secret_id_file is needed/],
  ['a secret that is not there', 'vault.secret_id_file=/nowhere', /cannot be read/],
  ['a token and a role', 'vault.token_file=/nowhere', /both set/],
  ['an authority that is not there', 'vault.ca_file=/nowhere', /^vault\.ca_file: .*cannot be/],
  ['a mount that leads elsewhere', 'vault.mount=../sys', /^vault\.mount: /],
  ['a prefix with a question', 'vault.prefix=a?b', /^vault\.prefix: /],
];

for (const [what, change, expected] of REFUSED) {
  test(`the start is refused: ${what}`, async () => {
    await assert.rejects(open([...vaultSettings(), change]), { message: expected });
  });
}

const MODES: readonly (readonly [mode: number, text: string, expected: RegExp])[] = [
  [0o444, 'secret', /other users can use/],
  [0o620, 'secret', /other users can use/],
  [0o400, '\n', /is empty/],
  [0o400, 'x'.repeat(70_000), /too large/],
];

for (const [mode, text, expected] of MODES) {
  test(`the start is refused: a secret of mode ${mode.toString(8)} and ${text.length} bytes`, async () => {
    const path = await secretFile('odd', text, mode);

    await assert.rejects(open([...vaultSettings(), `vault.secret_id_file=${path}`]), {
      message: expected,
    });
  });
}

test('the start is refused: Barbican without its Keystone, or its credential', async () => {
  const without = (name: string) => open([...barbicanSettings(), `barbican.${name}=`]);

  await assert.rejects(without('url'), { message: /^barbican\.url is needed/ });
  await assert.rejects(without('auth_url'), { message: /^barbican\.auth_url is needed/ });
  await assert.rejects(without('application_credential_id'), {
    message: /credential_id is needed/,
  });
});
