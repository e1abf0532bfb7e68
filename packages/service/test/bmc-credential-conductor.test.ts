import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { stepsOfCredentials } from '#conductor/bmc-credential/credential-steps';
import { makeRotationSchedule } from '#conductor/bmc-credential/rotation/schedule-rotations';
import type { BmcCredentialOptions } from '#conductor/bmc-credential/options';
import type { BmcCredentialParts } from '#conductor/bmc-credential/credential-parts';
import { changeBmcCredential } from '#store/bmc-credentials';
import { findOpenRotation, listRotationLog, listRotations } from '#store/bmc-rotations';
import { listAudit } from '#store/audit';
import { listHistory } from '#store/history';
import { updateNode } from '#store/nodes';
import { endWaitingWorkflow, findOpenWorkflow } from '#store/workflows';
import { Secret } from '#trust/secret';

import { Failure } from '@bessemer/protocol/errors/failure';
import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { type CredentialStage, openCredentialStage } from './bmc-credential/credential-stage.ts';
import { FACTORY } from './bmc-credential/model-bmc.ts';

const stageFor = async (
  context: TestContext,
  options: Partial<BmcCredentialOptions> = {},
  more: Partial<BmcCredentialParts> = {},
): Promise<CredentialStage> => {
  const stage = await openCredentialStage(options, more);
  context.after(stage.close);
  return stage;
};

const refusedWith =
  (status: number, text: RegExp) =>
  (error: unknown): boolean =>
    error instanceof Refusal && error.status === status && text.test(error.message);

/** Takes up nothing by itself. */
const notedScheduler = () => {
  const nudged: NodeUuid[] = [];
  const nudge = (uuid: NodeUuid): void => {
    nudged.push(uuid);
  };
  return { nudged, scheduler: { owner: 'test', isFull: () => false, nudge } };
};

const passwordOf = (stage: CredentialStage, uuid: NodeUuid, username: string): string =>
  stage.bmcOf(uuid).accounts.get(username)?.password ?? '';

/** By hand, with nothing but a rotation. */
const cleaned = async (stage: CredentialStage, uuid: NodeUuid): Promise<NodeRecord> => {
  await stage.conductor().requestProvision(uuid, {
    verb: 'clean',
    steps: [{ interface: 'management', step: 'rotate_bmc_credentials', args: {} }],
    isRamdiskDisabled: true,
  });
  return stage.untilIdle(uuid);
};

test('what is asked for is done as a workflow, and told in history', async (t) => {
  const stage = await stageFor(t);
  const uuid = await stage.makeNode();

  const id = await stage.conductor().requestBmcRotation(uuid, {
    trigger: 'adopt',
    caller: { user: 'someone', project: null },
  });
  const node = await stage.untilIdle(uuid);

  const status = await stage.conductor().bmcCredentialStatus(uuid);
  assert.deepEqual([status['state'], status['active_slot']], ['managed', 'a']);
  assert.equal(node.driverInfo['redfish_username'], 'bsmr-a');
  assert.equal(node.lastError, null);
  const [rotation] = await listRotations(stage.store.db, uuid, 1);
  assert.deepEqual(
    [rotation?.id, rotation?.outcome, rotation?.requester],
    [id, 'succeeded', { user: 'someone', project: null }],
  );
  const phases = await listRotationLog(stage.store.db, id, 100);
  assert.equal(phases.at(-1)?.phase, 'done');
  const history = (await listHistory(stage.store.db, uuid)).map(({ event }) => event);
  assert.ok(history.some((event) => /rotate-bmc-credentials succeeded/.test(event)));
  assert.ok(history.some((event) => event.endsWith(`Rotation: ${id}.`)));
  assert.equal(
    JSON.stringify([status, phases, node]).includes(passwordOf(stage, uuid, 'bsmr-a')),
    false,
  );
});

test('a second one at the same time is refused, and a failure names its number', async (t) => {
  const stage = await stageFor(t);
  const uuid = await stage.makeNode({ refuses: () => true });

  await stage.conductor().requestBmcRotation(uuid, { trigger: 'adopt' });
  await assert.rejects(
    stage.conductor().requestBmcRotation(uuid, { trigger: 'request' }),
    refusedWith(409, /is locked/),
  );
  const node = await stage.untilIdle(uuid);

  assert.match(node.lastError ?? '', /^BMC-CRED-107 /);
  const [rotation] = await listRotations(stage.store.db, uuid, 1);
  const history = (await listHistory(stage.store.db, uuid)).map(({ event }) => event);
  assert.ok(
    history.some((event) => event.includes(`BMC-CRED-107`) && event.includes(`${rotation?.id}`)),
  );
  assert.ok(stage.bmcOf(uuid).accepts(FACTORY));
});

test('nothing begins while the secret store is away, and nothing of a machine without accounts', async (t) => {
  const stage = await stageFor(t);
  const uuid = await stage.makeNode();
  const health = stage.secrets.health;
  Object.assign(stage.secrets, {
    health: async () => ({ state: 'sealed', failure: new Error('sealed') }),
  });

  await assert.rejects(
    stage.conductor().requestBmcRotation(uuid, { trigger: 'adopt' }),
    refusedWith(503, /secret store/),
  );
  Object.assign(stage.secrets, { health });

  assert.equal(stage.bmcOf(uuid).calls(), 0);
  await assert.rejects(
    stage.conductor().requestBmcRotation(uuid, { trigger: 'adopt', path: 'inband' }),
    refusedWith(400, /inband/),
  );
});

test('what is frozen is not rotated until it is thawed', async (t) => {
  const stage = await stageFor(t);
  const uuid = await stage.makeNode();
  await stage.adopt(uuid);

  await stage.conductor().freezeBmcCredentials(uuid, { reason: 'drill' });
  await assert.rejects(
    stage.conductor().requestBmcRotation(uuid, { trigger: 'request' }),
    refusedWith(409, /frozen: drill/),
  );
  const frozen = await stage.conductor().bmcCredentialStatus(uuid);
  await stage.conductor().thawBmcCredentials(uuid);

  assert.equal(frozen['state'], 'frozen');
  assert.equal((await stage.credentialOf(uuid)).state, 'managed');
  await stage.conductor().requestBmcRotation(uuid, { trigger: 'request' });
  await stage.untilIdle(uuid);
  assert.equal((await stage.credentialOf(uuid)).activeSlot, 'b');
});

test('a password may be supplied where that is allowed, and is in the store before it is set', async (t) => {
  const stage = await stageFor(t, { isSuppliedAllowed: true });
  const uuid = await stage.makeNode();
  const password = new Secret('Of-My-Own-Choice');

  await stage.conductor().setBmcPassword(uuid, { password });
  const stored = stage.secrets.all().map((each) => each.credential.password.reveal());
  await stage.untilIdle(uuid);

  assert.ok(stored.includes(password.reveal()));
  assert.equal(passwordOf(stage, uuid, 'bsmr-a'), password.reveal());
  assert.notEqual(passwordOf(stage, uuid, 'bsmr-b'), password.reveal());
  assert.equal((await stage.credentialOf(uuid)).profile, null);
});

test('nobody chooses a password unless that is allowed', async (t) => {
  const stage = await stageFor(t);
  const uuid = await stage.makeNode();

  await assert.rejects(
    stage.conductor().setBmcPassword(uuid, { password: new Secret('Of-My-Own-Choice') }),
    refusedWith(403, /allow_supplied/),
  );
  assert.deepEqual(stage.secrets.all(), []);
});

test('what is due is rotated by itself, unless somebody works on the node', async (t) => {
  const stage = await stageFor(t);
  const [due, kept, maintained] = [
    await stage.makeNode(),
    await stage.makeNode(),
    await stage.makeNode(),
  ];
  for (const uuid of [due, kept, maintained]) await stage.adopt(uuid);
  for (const uuid of [due, maintained]) {
    await stage.store.transaction((trx) =>
      changeBmcCredential(trx, uuid, () => ({ nextDueMs: 1 })),
    );
  }
  await updateNode(stage.store.db, maintained, { maintenance: true });
  const { nudged, scheduler } = notedScheduler();

  await makeRotationSchedule({ parts: stage.parts, scheduler }).look();

  assert.deepEqual(nudged, [due]);
  const [rotation] = await listRotations(stage.store.db, due, 1);
  assert.equal(rotation?.trigger, 'schedule');
});

test('a cleaning that asks for it rotates, and disables what a tenant made', async (t) => {
  const stage = await stageFor(t);
  const uuid = await stage.makeNode();
  await stage.adopt(uuid);
  const { accounts } = stage.bmcOf(uuid);
  const planted = { password: 'Tenant-Was-Here', isEnabled: true, failuresAtMs: [] };
  (accounts as Map<string, typeof planted>).set('tenant', planted);

  const node = await cleaned(stage, uuid);

  assert.deepEqual([node.provisionState, node.lastError], ['manageable', null]);
  assert.equal(accounts.get('tenant')?.isEnabled, false);
  assert.equal(accounts.get(FACTORY.username)?.isEnabled, true);
  assert.equal((await stage.credentialOf(uuid)).activeSlot, 'b');
});

/** Frozen, after somebody was the tenant. */
const frozenStage = async (
  t: TestContext,
  options: Partial<BmcCredentialOptions> = {},
): Promise<{ readonly stage: CredentialStage; readonly uuid: NodeUuid }> => {
  const stage = await stageFor(t, options);
  const uuid = await stage.makeNode();
  await stage.adopt(uuid);
  const planted = { password: 'Tenant-Was-Here', isEnabled: true, failuresAtMs: [] };
  (stage.bmcOf(uuid).accounts as Map<string, typeof planted>).set('tenant', planted);
  await stage.conductor().freezeBmcCredentials(uuid, { reason: 'somebody is at the console' });
  return { stage, uuid };
};

test('a cleaning does not rotate what is frozen, looks who is there, and owes the rotation', async (t) => {
  const { stage, uuid } = await frozenStage(t);
  const before = await stage.credentialOf(uuid);
  const { nudged, scheduler } = notedScheduler();
  const schedule = makeRotationSchedule({ parts: stage.parts, scheduler });

  const node = await cleaned(stage, uuid);
  const after = await stage.credentialOf(uuid);
  await schedule.look();
  const whileFrozen = [...nudged];
  await stage.conductor().thawBmcCredentials(uuid);
  await schedule.look();

  assert.deepEqual([node.provisionState, node.lastError], ['manageable', null]);
  assert.deepEqual([after.state, after.slots], ['frozen', before.slots]);
  assert.equal(stage.bmcOf(uuid).accounts.get('tenant')?.isEnabled, false);
  const history = (await listHistory(stage.store.db, uuid)).map(({ event }) => event);
  assert.ok(history.some((event) => /were audited.*are frozen/.test(event)));
  assert.deepEqual([whileFrozen, nudged], [[], [uuid]]);
});

test('a cleaning of what is frozen fails where an account is left that should not be there', async (t) => {
  const { stage, uuid } = await frozenStage(t, { isUnexpectedDisabled: false });

  const node = await cleaned(stage, uuid);

  assert.equal(node.provisionState, 'clean failed');
  assert.match(node.lastError ?? '', /accounts that nobody told the service of: tenant/);
});

test('a cleaning of what is frozen fails where nobody can look, and counts the login', async (t) => {
  const { stage, uuid } = await frozenStage(t);
  const own = stage.bmcOf(uuid).accounts.get('bsmr-a');
  assert.ok(own !== undefined);
  own.password = 'The-Tenant-Set-It';

  const node = await cleaned(stage, uuid);

  assert.deepEqual([node.provisionState, node.lastError], ['clean failed', 'wrong password']);
  const { tries } = await stage.credentialOf(uuid);
  assert.deepEqual(
    tries.map(({ username }) => username),
    ['bsmr-a'],
  );
});

test('a cleaning of what is frozen before anything was kept does nothing, and says so', async (t) => {
  const stage = await stageFor(t);
  const uuid = await stage.makeNode();
  await stage.conductor().freezeBmcCredentials(uuid, { reason: 'not yet' });

  const node = await cleaned(stage, uuid);

  assert.equal(node.provisionState, 'clean failed');
  assert.match(node.lastError ?? '', /are frozen, and none is kept yet/);
});

test('an automated cleaning has the step for what is frozen, too', async (t) => {
  const { stage, uuid } = await frozenStage(t);
  const node = await stage.nodeOf(uuid);
  const driver = stage.parts.drivers.driverOf(node);

  const [step] = await stepsOfCredentials('clean', { parts: stage.parts, node, driver });

  assert.deepEqual([step?.step, step?.priority], ['rotate_bmc_credentials', 15]);
});

test('accounts of others are let be before the service has looked who was there, and mended after', async (t) => {
  const stage = await stageFor(t);
  const uuid = await stage.makeNode();
  type Account = { password: string; isEnabled: boolean; failuresAtMs: number[] };
  const accounts = stage.bmcOf(uuid).accounts as Map<string, Account>;
  const plant = (username: string): void => {
    accounts.set(username, { password: 'Plan-2345', isEnabled: true, failuresAtMs: [] });
  };
  plant('operator');

  await stage.conductor().fixBmcAccounts(uuid, {});
  const isLetBe = accounts.get('operator')?.isEnabled;
  await stage.adopt(uuid);
  plant('tenant');
  await stage.conductor().fixBmcAccounts(uuid, {});

  assert.equal(isLetBe, true);
  assert.deepEqual(
    ['operator', 'tenant'].map((name) => accounts.get(name)?.isEnabled),
    [true, false],
  );
});

test('an account that nobody disables fails the cleaning', async (t) => {
  const stage = await stageFor(t, { isUnexpectedDisabled: false });
  const uuid = await stage.makeNode();
  await stage.adopt(uuid);
  const planted = { password: 'Tenant-Was-Here', isEnabled: true, failuresAtMs: [] };
  (stage.bmcOf(uuid).accounts as Map<string, typeof planted>).set('tenant', planted);

  const node = await cleaned(stage, uuid);

  assert.equal(node.provisionState, 'clean failed');
  assert.match(node.lastError ?? '', /accounts that nobody told the service of: tenant/);
});

test('a process that dies in the middle leaves a rotation that the next one ends', async (t) => {
  let isDead = false;
  let pass: () => void = () => undefined;
  const atSet = new Promise<void>((resolve) => {
    pass = resolve;
  });
  const stage = await stageFor(
    t,
    {},
    {
      faultPoint: async (name) => {
        if (isDead || name !== 'bmc.set.redfish') return;
        isDead = true;
        pass();
        // It never comes back.
        await new Promise(() => undefined);
      },
    },
  );
  const uuid = await stage.makeNode();

  const id = await stage.conductor().requestBmcRotation(uuid, { trigger: 'adopt' });
  await atSet;
  await stage.restart();
  await stage.untilIdle(uuid);

  assert.equal((await stage.credentialOf(uuid)).state, 'managed');
  const rotations = await listRotations(stage.store.db, uuid, 10);
  assert.deepEqual(
    rotations.map((each) => [each.id, each.outcome]),
    [[id, 'succeeded']],
  );
});

test('a rotation that waits for the store says so, and one that was left is taken up again', async (t) => {
  const stage = await stageFor(t, { isSuppliedAllowed: true });
  const uuid = await stage.makeNode();
  const { put } = stage.secrets;
  Object.assign(stage.secrets, {
    put: async () => {
      throw new Failure('secret-store.away', 'The store does not answer.', { isRetryable: true });
    },
  });
  const id = await stage.conductor().requestBmcRotation(uuid, { trigger: 'adopt' });
  const report = await stage.untilWaiting(uuid);
  // Somebody ends the workflow in another way.
  const workflow = await findOpenWorkflow(stage.store.db, uuid);
  assert.ok(workflow !== undefined);
  await endWaitingWorkflow(stage.store.db, workflow, Date.now());
  Object.assign(stage.secrets, { put });
  const { nudged, scheduler } = notedScheduler();
  const password = new Secret('Of-My-Own-Choice');

  // It is gone on with, and would not have this password.
  await assert.rejects(
    stage.conductor().setBmcPassword(uuid, { password }),
    refusedWith(409, /was cut short and is not over/),
  );
  await makeRotationSchedule({ parts: stage.parts, scheduler }).look();
  const early = [...nudged];
  const later = { ...stage.parts.clock, wallMs: () => Date.now() + 60_000 };
  await makeRotationSchedule({ parts: { ...stage.parts, clock: later }, scheduler }).look();

  assert.deepEqual(early, []);
  assert.deepEqual([report.waitsFor, report.on], ['the secret store', 'the embedded secret store']);
  assert.match(report.remedy ?? '', /The store does not answer\./);
  assert.deepEqual(nudged, [uuid]);
  assert.equal((await findOpenRotation(stage.store.db, uuid))?.id, id);
});

test('what is overdue for two periods is told, once a day', async (t) => {
  const stage = await stageFor(t);
  const uuid = await stage.makeNode();
  await stage.adopt(uuid);
  await stage.conductor().freezeBmcCredentials(uuid, { reason: 'drill' });
  await stage.store.transaction((trx) => changeBmcCredential(trx, uuid, () => ({ nextDueMs: 1 })));
  const schedule = makeRotationSchedule({ parts: stage.parts, ...notedScheduler() });

  await schedule.look();
  await schedule.look();

  const event = 'bmc.rotation.overdue';
  const told = await listAudit(stage.store.db, { afterSeq: 0, limit: 10, event });
  assert.equal(told.length, 1);
});

test('what one BMC takes is tried first at the next one of its model', async (t) => {
  const stage = await stageFor(t);
  const refuses = (password: string): boolean => !/[-_.]/.test(password);
  const identity = { manufacturer: 'Acme', model: 'Anvil 3' };
  const [first, second] = [await stage.makeNode({ refuses }), await stage.makeNode({ refuses })];
  for (const uuid of [first, second]) {
    await updateNode(stage.store.db, uuid, { driverInternalInfo: { bmc_identity: identity } });
    await stage.adopt(uuid);
  }

  const event = 'bmc.policy.refused';
  const refusals = await listAudit(stage.store.db, { afterSeq: 0, limit: 10, event });

  assert.equal((await stage.credentialOf(second)).profile, 'P2');
  assert.deepEqual(
    refusals.map(({ nodeUuid }) => nodeUuid),
    [first],
  );
});
