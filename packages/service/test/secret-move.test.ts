// `bessemer secret`: passwords of BMCs go from one store to another and on, as the operator calls it, beside a service
// that has the database open.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { systemClock } from '#clock';
import { type DataDirectory, openDataDirectory } from '#config/data-directory';
import { openStore, type Store } from '#store/database';
import { openKeyRing } from '#trust/key-ring';
import { copySecrets } from '#trust/secret-store/move-secrets';
import type { SecretStore } from '#trust/secret-store/secret-store';

import { type Barbican, startBarbican } from '../../../test/barbican/start-barbican.ts';
import { waitFor } from '../../../test/harness/wait-for.ts';
import { UsageInvalid } from '../src/manage/command.ts';
import { secret } from '../src/manage/secret.ts';
import { openEmbeddedSecrets } from '../src/serve/embedded-secrets.ts';
import { openBareBarbican } from './bare-barbican.ts';
import { type FaultyDoor, openFaultyDoor } from './faulty-door.ts';
import { newWrite } from './secret-store-contract.ts';
import { ROLE_ID, startVaultFake, type VaultFake } from './vault-fake.ts';

const MAIN = join(import.meta.dirname, '../src/manage/main.ts');
const NODES = 9;
const SLOTS = ['a', 'b'];
const VERSIONS = NODES * SLOTS.length * 2;
const MOMENT_MS_MAX = 30_000;

let barbican: Barbican;
let root: string;
let data: DataDirectory;
let store: Store;
let vault: VaultFake;
let door: FaultyDoor;
let embedded: SecretStore;

before(async () => {
  barbican = await startBarbican();
});
after(async () => {
  await barbican?.stop();
});
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bessemer-secret-move-'));
  data = await openDataDirectory(join(root, 'data'));
  store = await openStore({ engine: 'sqlite', path: data.store });
  embedded = openEmbeddedSecrets(store, await openKeyRing(data.keys), systemClock);
  vault = await startVaultFake();
  door = await openFaultyDoor(() => vault.url);
  await writeFile(join(root, 'secret-id'), vault.state.secretId, { mode: 0o400 });
  await writeFile(join(root, 'ca'), door.authorityPem);
});
afterEach(async () => {
  await door.stop();
  await vault.stop();
  await store.close();
  await rm(root, { recursive: true, force: true });
});

const argumentsOf = (words: readonly string[], more: readonly string[]): readonly string[] => {
  const settings = [
    `vault.url=${door.url}`,
    `vault.role_id=${ROLE_ID}`,
    `vault.secret_id_file=${join(root, 'secret-id')}`,
    `vault.ca_file=${join(root, 'ca')}`,
    ...more,
  ].flatMap((each) => ['--set', each]);
  return [...words, '--data', data.path, ...settings];
};

type Outcome = { readonly code: number; readonly out: string };

const run = async (words: readonly string[], more: readonly string[] = []): Promise<Outcome> => {
  const lines: string[] = [];
  const code = await secret(argumentsOf(words, more), (line) => lines.push(line));
  return { code, out: lines.join('\n') };
};

const fill = async (): Promise<void> => {
  for (let node = 0; node < NODES; node += 1) {
    const nodeUuid = randomUUID();
    for (const slot of SLOTS) {
      await embedded.put(newWrite({ nodeUuid, slot }));
      await embedded.put(newWrite({ nodeUuid, slot }));
    }
  }
};

/** Every version in the order of its slot: node, slot, write, user name and password. */
const contentOf = async (secrets: SecretStore): Promise<readonly string[]> => {
  const found: string[] = [];
  for await (const nodeUuid of secrets.listNodes()) {
    for (const version of await secrets.list(nodeUuid)) {
      const { slot, writeId, credential } = await secrets.get(version, version.version);
      found.push(
        [nodeUuid, slot, writeId, credential.username, credential.password.reveal()].join(' '),
      );
    }
  }
  // Stores list nodes in orders of their own.
  return found.sort((one, other) => (one.slice(0, 36) < other.slice(0, 36) ? -1 : 1));
};

/** As the fake has it. */
const countInVault = (): number =>
  [...vault.secrets.values()].reduce((sum, { versions }) => sum + versions.size, 0);

const inVault = async (work: (secrets: SecretStore) => Promise<unknown>): Promise<void> => {
  const { openSecretStore } = await import('../src/serve/open-secret-store.ts');
  const { loadConfig } = await import('#config/load');
  const overrides = [
    `vault.url=${vault.url}`,
    `vault.role_id=${ROLE_ID}`,
    `vault.secret_id_file=${join(root, 'secret-id')}`,
  ];
  const { settings } = await loadConfig({ file: undefined, environment: {}, overrides });
  const keys = await openKeyRing(data.keys);
  const secrets = await openSecretStore(settings, { store, keys, clock: systemClock }, 'vault');
  try {
    await work(secrets);
  } finally {
    await secrets.close();
  }
};

test('status says where passwords lie, how many, and what is wrong', async () => {
  await fill();

  const own = await run(['status']);
  const other = await run(['status', 'vault']);
  vault.state.isSealed = true;
  const sealed = await run(['status'], ['bmc_credentials.store=vault']);

  assert.equal(own.out, `store: embedded\nhealth: ready\nnodes: ${NODES}\nversions: ${VERSIONS}`);
  assert.equal(other.out, 'store: vault\nhealth: ready\nnodes: 0\nversions: 0');
  assert.deepEqual([own.code, other.code, sealed.code], [0, 0, 1]);
  assert.match(sealed.out, /^store: vault\nhealth: sealed: .*\[secret-store\.sealed\]$/);
});

test('from the database to Vault to Barbican and back everything stays as it was', async () => {
  await fill();
  const content = await contentOf(embedded);
  const bare = openBareBarbican(barbican.url);

  const moved = await run(['migrate', 'embedded', 'vault']);
  await inVault(async (secrets) => {
    assert.deepEqual(await contentOf(secrets), content);
    await copySecrets(secrets, bare.store);
  });
  assert.deepEqual(await contentOf(bare.store), content);
  const other = await openStore({ engine: 'sqlite', path: join(root, 'other.sqlite') });
  const back = openEmbeddedSecrets(other, await openKeyRing(data.keys), systemClock);
  await copySecrets(bare.store, back);

  assert.deepEqual(await contentOf(back), content);
  assert.equal(moved.code, 0);
  assert.match(moved.out, new RegExp(`^${NODES} nodes: ${VERSIONS} versions copied and compared`));
  await bare.close();
  await other.close();
});

test('a move that was killed half way is run again, and makes no twins', async () => {
  await fill();
  let writes = 0;
  const { promise: until, resolve: letGo } = Promise.withResolvers<void>();
  const countHeld = door.break({ kind: 'held', until }, (method, path) => {
    if (method === 'POST' && path.includes('/data/')) writes += 1;
    return writes > VERSIONS / 2;
  });
  const args = [MAIN, 'secret', ...argumentsOf(['migrate', 'embedded', 'vault'], [])];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  const ended = once(child, 'exit');
  await waitFor(
    async () => countHeld(),
    (held) => held > 0,
    MOMENT_MS_MAX,
  );
  child.kill('SIGKILL');
  await ended;
  door.mend();
  letGo();
  await door.settled();
  const half = countInVault();

  const again = await run(['migrate', 'embedded', 'vault']);

  assert.ok(half > 0 && half < VERSIONS, `${half} of ${VERSIONS}`);
  assert.match(again.out, new RegExp(`${VERSIONS - half} versions copied.*${half} were there`));
  assert.equal(countInVault(), VERSIONS);
  await inVault(async (secrets) =>
    assert.deepEqual(await contentOf(secrets), await contentOf(embedded)),
  );
});

test('a target that fails in the middle ends the move with its reason, and the source has everything', async () => {
  await fill();
  door.break({ kind: 'status', status: 503, text: '{"errors":["Vault is sealed"]}' }, (_, path) =>
    path.includes('/data/'),
  );

  const { code, out } = await run(
    ['migrate', 'embedded', 'vault', '--destroy-source'],
    ['bmc_credentials.store=vault'],
  );

  assert.equal(code, 1);
  assert.match(out, /^stopped: Vault is sealed\. \[secret-store\.sealed\]\nnothing is lost/m);
  assert.equal((await contentOf(embedded)).length, VERSIONS);
});

test('the source is emptied when that is asked, after everything was compared, and only when it is not in use', async () => {
  await fill();
  const content = await contentOf(embedded);

  await assert.rejects(run(['migrate', 'embedded', 'vault', '--destroy-source']), {
    message: /the service uses embedded/,
  });
  assert.equal((await contentOf(embedded)).length, VERSIONS);
  const { code, out } = await run(
    ['migrate', 'embedded', 'vault', '--destroy-source'],
    ['bmc_credentials.store=vault'],
  );

  assert.equal(code, 0);
  assert.match(out, new RegExp(`${VERSIONS} versions destroyed in embedded`));
  assert.deepEqual(await contentOf(embedded), []);
  await inVault(async (secrets) => assert.deepEqual(await contentOf(secrets), content));
  const rows = await store.db.selectFrom('audit').select('event').execute();
  assert.deepEqual(
    rows.map(({ event }) => event),
    ['bmc.store.copied', 'bmc.store.emptied'],
  );
});

test('what cannot be meant is told, and nothing is opened', async () => {
  for (const args of [
    ['migrate', 'embedded'],
    ['migrate', 'embedded', 'embedded'],
    ['migrate', 'embedded', 'valut'],
    ['migrate', 'embedded', 'vault', 'barbican'],
    ['status', 'nowhere'],
    ['burn'],
  ]) {
    await assert.rejects(run(args), UsageInvalid, args.join(' '));
  }
});
