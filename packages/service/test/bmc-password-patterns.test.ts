// Machines of a kind get the passwords that the operator wants for them.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { passwordPatterns } from '../src/config/password-patterns.ts';
import { saveInventory } from '#store/inventories';
import { updateNode } from '#store/nodes';

import { type CredentialStage, openCredentialStage } from './bmc-credential/credential-stage.ts';
import { type BmcWays, FACTORY } from './bmc-credential/model-bmc.ts';
import { NOW_MS } from './store-engines.ts';

const IDENTITY = { manufacturer: 'Dell Inc.', model: 'PowerEdge R650', serial: 'x' };

const PATTERN = 'Dell*/PowerEdge R6*: length=18 upper lower digit=789 special=! specials=one';

const openStage = async (t: TestContext): Promise<CredentialStage> => {
  const stage = await openCredentialStage({ passwordPatterns: passwordPatterns([PATTERN], false) });
  t.after(stage.close);
  return stage;
};

/** What the two accounts of the service got. */
const passwordsOf = async (
  stage: CredentialStage,
  { identity = {}, ways = {} }: { readonly identity?: object; readonly ways?: BmcWays },
): Promise<{ readonly passwords: readonly string[]; readonly lastError: string | null }> => {
  const uuid = await stage.makeNode(ways);
  await updateNode(stage.store.db, uuid, { driverInternalInfo: { bmc_identity: { ...identity } } });
  await stage.adopt(uuid);
  const { accounts } = stage.bmcOf(uuid);
  const passwords = ['bsmr-a', 'bsmr-b'].map((name) => accounts.get(name)?.password ?? '');
  return { passwords, lastError: (await stage.nodeOf(uuid)).lastError };
};

const AS_WISHED = /^(?=.{18}$)[A-Za-z][A-Za-z789]*![A-Za-z789]+$/;
const AS_EVER = /^[A-Za-z][A-Za-z2-9]{15}$/;

test('a machine of the kind gets both passwords by the pattern, and others as ever', async (t) => {
  const stage = await openStage(t);

  const wished = await passwordsOf(stage, { identity: IDENTITY });
  const other = await passwordsOf(stage, { identity: { ...IDENTITY, model: 'PowerEdge R7' } });
  const unknown = await passwordsOf(stage, {});

  for (const password of wished.passwords) assert.match(password, AS_WISHED);
  for (const each of [...other.passwords, ...unknown.passwords]) assert.match(each, AS_EVER);
});

test('a BMC that tells no model is of the kind that the agent told of', async (t) => {
  const stage = await openStage(t);
  const uuid = await stage.makeNode();
  const vendor = { manufacturer: 'Dell Inc.', product_name: 'PowerEdge R650' };
  const inventory = { inventory: { system_vendor: vendor }, pluginData: {} };
  await saveInventory(stage.store.db, uuid, inventory, NOW_MS);

  await stage.adopt(uuid);

  assert.match(stage.bmcOf(uuid).accounts.get('bsmr-a')?.password ?? '', AS_WISHED);
});

test('where the BMC refuses what is wished, nothing else is tried, and the pattern is named', async (t) => {
  const stage = await openStage(t);
  const tried: string[] = [];
  const refuses = (password: string): boolean => tried.push(password) > 0;

  const { lastError } = await passwordsOf(stage, { identity: IDENTITY, ways: { refuses } });

  assert.match(lastError ?? '', /^BMC-CRED-107 .*pattern Dell\*\/PowerEdge R6\*/);
  assert.equal(tried.length, 1);
});

test('a BMC that cuts what is wished keeps the login that it had, and the node says why', async (t) => {
  const stage = await openStage(t);
  const uuid = await stage.makeNode({ cutBytes: 16 });
  await updateNode(stage.store.db, uuid, { driverInternalInfo: { bmc_identity: IDENTITY } });

  await stage.adopt(uuid);

  const { lastError } = await stage.nodeOf(uuid);
  assert.match(lastError ?? '', /BMC-CRED-107 .*pattern .* within its own limits/);
  assert.ok(stage.bmcOf(uuid).accepts(FACTORY));
});
