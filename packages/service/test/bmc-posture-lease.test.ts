// An audit that somebody asks for has the lease of the node, and counts what it tries like everybody else.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import type { BmcAccountDoor } from '#drivers/bmc-accounts';
import { claimLease, releaseLease } from '#store/leases';
import { findOpenWorkflow } from '#store/workflows';

import { Failure } from '@bessemer/protocol/errors/failure';
import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { type CredentialStage, openCredentialStage } from './bmc-credential/credential-stage.ts';
import { FACTORY } from './bmc-credential/model-bmc.ts';

type Door = { -readonly [K in keyof BmcAccountDoor]: BmcAccountDoor[K] };

const kept = async (
  t: TestContext,
): Promise<{ readonly stage: CredentialStage; readonly uuid: NodeUuid; readonly door: Door }> => {
  const stage = await openCredentialStage();
  t.after(stage.close);
  const uuid = await stage.makeNode();
  await stage.adopt(uuid);
  return { stage, uuid, door: stage.bmcOf(uuid).door };
};

const isLocked = (error: unknown): boolean => error instanceof Refusal && error.status === 409;

const gapsOf = (report: JsonObject): readonly unknown[] =>
  (report['gaps'] as readonly JsonObject[]).map(({ what, code }) => [what, code]);

test('guesses count, are kept, and end before the BMC locks the account', async (t) => {
  const { stage, uuid } = await kept(t);
  const failures = (): number =>
    stage.bmcOf(uuid).accounts.get(FACTORY.username)?.failuresAtMs.length ?? 0;
  const tried = async (): Promise<readonly string[]> =>
    (await stage.credentialOf(uuid)).tries.map(({ username }) => username);

  const first = await stage.conductor().auditBmcAccounts(uuid);
  const once = [failures(), await tried()];
  await stage.restart();
  await stage.conductor().auditBmcAccounts(uuid);
  const third = await stage.conductor().auditBmcAccounts(uuid);

  assert.deepEqual(once, [1, [FACTORY.username]]);
  assert.equal(failures(), 2);
  assert.deepEqual(await tried(), [FACTORY.username, FACTORY.username]);
  assert.deepEqual(gapsOf(first), []);
  assert.deepEqual(gapsOf(third), [['passwords', 'bmc.login-budget']]);
});

test('what is let in is no try', async (t) => {
  const { stage, uuid } = await kept(t);
  const planted = { password: 'admin', isEnabled: true, failuresAtMs: [] };
  const accounts = stage.bmcOf(uuid).accounts as Map<string, typeof planted>;
  accounts.clear();
  accounts.set('admin', planted);
  const record = await stage.credentialOf(uuid);
  const { ref } = record.slots.a;
  const { credential } = await stage.secrets.getWrite({ nodeUuid: uuid, slot: 'a' }, ref ?? '');
  accounts.set('bsmr-a', { ...planted, password: credential.password.reveal(), failuresAtMs: [] });

  const report = await stage.conductor().auditBmcAccounts(uuid);

  const kinds = (report['items'] as readonly JsonObject[]).map(({ kind }) => kind);
  assert.ok(kinds.includes('default-password'));
  assert.deepEqual((await stage.credentialOf(uuid)).tries, []);
});

for (const name of ['auditBmcAccounts', 'fixBmcAccounts'] as const) {
  test(`${name} is refused while somebody else has the node, and gives it back`, async (t) => {
    const { stage, uuid } = await kept(t);
    const claim = { owner: 'another', nowMs: Date.now(), leaseMs: 60_000 };
    const fence = await claimLease(stage.store.db, uuid, claim);
    assert.ok(fence !== undefined);
    const calls = stage.bmcOf(uuid).calls();

    await assert.rejects(stage.conductor()[name](uuid, {}), isLocked);

    assert.equal(stage.bmcOf(uuid).calls(), calls);
    await releaseLease(stage.store.db, uuid, fence);
    await stage.conductor()[name](uuid, {});
    assert.ok((await claimLease(stage.store.db, uuid, claim)) !== undefined);
  });
}

test('nothing else begins while it is looked', async (t) => {
  const { stage, uuid, door } = await kept(t);
  const { list } = door;
  let refused = 0;
  door.list = async (node, as) => {
    const power = stage.conductor().requestPower(uuid, 'power on', { timeoutMs: undefined });
    await assert.rejects(power, isLocked);
    refused += 1;
    return list(node, as);
  };

  await stage.conductor().auditBmcAccounts(uuid);

  assert.equal(refused, 1);
});

test('who lost the node in between asks the BMC nothing more', async (t) => {
  const { stage, uuid, door } = await kept(t);
  const { list } = door;
  let calls = 0;
  door.list = async (node, as) => {
    const accounts = await list(node, as);
    const late = { owner: 'another', nowMs: Date.now() + 86_400_000, leaseMs: 60_000 };
    assert.ok((await claimLease(stage.store.db, uuid, late)) !== undefined);
    calls = stage.bmcOf(uuid).calls();
    return accounts;
  };

  await assert.rejects(stage.conductor().fixBmcAccounts(uuid, {}), isLocked);

  assert.equal(stage.bmcOf(uuid).calls(), calls);
});

test('a rotation that waits is passed by, and waits on', async (t) => {
  const { stage, uuid, door } = await kept(t);
  door.set = async () => {
    throw new Failure('bmc.too-soon', 'not yet');
  };
  await stage.conductor().requestBmcRotation(uuid, { trigger: 'request' });
  await stage.untilWaiting(uuid);

  const report = await stage.conductor().auditBmcAccounts(uuid);

  assert.deepEqual(gapsOf(report), []);
  assert.equal((await findOpenWorkflow(stage.store.db, uuid))?.state, 'waiting');
});

test('nobody asks with a password that the BMC may not have any more', async (t) => {
  const stage = await openCredentialStage({ strategy: 'single' });
  t.after(stage.close);
  const uuid = await stage.makeNode();
  await stage.adopt(uuid);
  const bmc = stage.bmcOf(uuid);
  const door = bmc.door as Door;
  const { proveLogin } = door;
  let proved = 0;
  door.proveLogin = async (node, as) => {
    proved += 1;
    // The first is the login that it begins with.
    if (proved > 1) throw new Failure('bmc.unreachable', 'gone');
    return proveLogin(node, as);
  };
  await stage.conductor().requestBmcRotation(uuid, { trigger: 'request' });
  await stage.untilWaiting(uuid);
  const calls = bmc.calls();

  await assert.rejects(
    stage.conductor().auditBmcAccounts(uuid),
    (error) => error instanceof Refusal && error.status === 503,
  );

  assert.equal(bmc.calls(), calls);
});
