// A rotation that waits keeps nobody from the node, is gone on with, and does not wait for ever.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import type { BmcCredentialOptions } from '#conductor/bmc-credential/options';
import type { BmcAccountDoor } from '#drivers/bmc-accounts';
import { findOpenRotation } from '#store/bmc-rotations';
import { findOpenWorkflow } from '#store/workflows';

import type { FailureCode } from '@bessemer/protocol/errors/codes';
import { Failure } from '@bessemer/protocol/errors/failure';
import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { type CredentialStage, openCredentialStage } from './bmc-credential/credential-stage.ts';
import { FACTORY } from './bmc-credential/model-bmc.ts';
import { finish, openSite, type Site } from './bmc-credential/rotation-site.ts';

const HOUR_MS = 3_600_000;

const fails = (code: FailureCode) => async (): Promise<never> => {
  throw new Failure(code, `${code}, says the test.`, { details: { seconds: 3_600 } });
};

/** A node that is kept, and whose BMC says at each change that it is too soon for another one. */
const waiting = async (
  t: TestContext,
  options: Partial<BmcCredentialOptions> = {},
): Promise<{
  readonly stage: CredentialStage;
  readonly uuid: NodeUuid;
  readonly id: string;
  readonly letChange: () => void;
}> => {
  const stage = await openCredentialStage(options);
  t.after(stage.close);
  const uuid = await stage.makeNode();
  await stage.adopt(uuid);
  const door = stage.bmcOf(uuid).door as { set: BmcAccountDoor['set'] };
  const { set } = door;
  door.set = fails('bmc.too-soon');
  const id = await stage.conductor().requestBmcRotation(uuid, { trigger: 'request' });
  await stage.untilWaiting(uuid);
  return {
    stage,
    uuid,
    id,
    letChange: () => {
      door.set = set;
    },
  };
};

/** Whether the login that drivers use works at the BMC. */
const isInUseWorking = async (stage: CredentialStage, uuid: NodeUuid): Promise<boolean> => {
  const { activeSlot, slots } = await stage.credentialOf(uuid);
  assert.ok(activeSlot !== null);
  const { ref } = slots[activeSlot];
  const { credential } = await stage.secrets.getWrite(
    { nodeUuid: uuid, slot: activeSlot },
    ref ?? '',
  );
  const { username, password } = credential;
  return stage.bmcOf(uuid).accepts({ username, password: password.reveal() });
};

const leaseOf = ({ store }: CredentialStage, uuid: NodeUuid) =>
  store.db.selectFrom('lease').selectAll().where('node_uuid', '=', uuid).executeTakeFirstOrThrow();

/** Somebody had the lease after `fence`, and gave it back. */
const untilLookedAfter = async (
  stage: CredentialStage,
  uuid: NodeUuid,
  fence: number,
): Promise<void> => {
  for (let turn = 0; turn < 50_000; turn += 1) {
    const lease = await leaseOf(stage, uuid);
    if (lease.fence > fence && lease.owner === null) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('nobody looked at the node');
};

const requireGoneOn = async (stage: CredentialStage, uuid: NodeUuid, id: string): Promise<void> => {
  const again = await stage.conductor().requestBmcRotation(uuid, { trigger: 'repair' });
  await stage.untilIdle(uuid);
  const { state, lastResult } = await stage.credentialOf(uuid);
  assert.deepEqual(
    [again, state, lastResult?.outcome, lastResult?.rotationId],
    [id, 'managed', 'succeeded', id],
  );
};

for (const strategy of ['dual', 'single'] as const) {
  test(`${strategy}: power is set while a rotation waits, and the rotation goes on`, async (t) => {
    const { stage, uuid, id, letChange } = await waiting(t, { strategy });

    await stage.conductor().requestPower(uuid, 'power on', { timeoutMs: undefined });
    const node = await stage.untilIdle(uuid);
    const open = await findOpenRotation(stage.store.db, uuid);
    const report = await stage.conductor().why(uuid);

    assert.deepEqual([node.powerState, node.lastError], ['power on', null]);
    assert.deepEqual([open?.id, open?.phase], [id, 'applying']);
    assert.ok(await isInUseWorking(stage, uuid));
    assert.deepEqual(
      [report.workflow, report.waitsFor, report.isBusy],
      [null, 'the least age of a password to pass', false],
    );
    letChange();
    await requireGoneOn(stage, uuid, id);
  });
}

for (const strategy of ['dual', 'single'] as const) {
  test(`${strategy}: a node is given back while nobody knows yet whether the BMC has the password`, async (t) => {
    const stage = await openCredentialStage({ strategy });
    t.after(stage.close);
    const uuid = await stage.makeNode();
    await stage.adopt(uuid);
    const bmc = stage.bmcOf(uuid);
    const door = bmc.door as { proveLogin: BmcAccountDoor['proveLogin'] };
    const { proveLogin } = door;
    let proved = 0;
    door.proveLogin = async (node, as) => {
      proved += 1;
      // The first is the login that it begins with.
      if (proved > 1) throw new Failure('bmc.unreachable', 'gone');
      return proveLogin(node, as);
    };
    const id = await stage.conductor().requestBmcRotation(uuid, { trigger: 'request' });
    await stage.untilWaiting(uuid);

    await stage.conductor().requestProvision(uuid, { verb: 'provide' });
    const node = await stage.untilIdle(uuid);

    assert.deepEqual([node.provisionState, node.lastError], ['available', null]);
    assert.equal((await findOpenRotation(stage.store.db, uuid))?.phase, 'verifying');
    assert.equal(await isInUseWorking(stage, uuid), strategy === 'dual');
    const stored = stage.secrets.all().map(({ credential: { username, password } }) => ({
      username,
      password: password.reveal(),
    }));
    assert.ok(stored.some((each) => each.password !== FACTORY.password && bmc.accepts(each)));
    door.proveLogin = proveLogin;
    await requireGoneOn(stage, uuid, id);
  });
}

test('a verb is taken while a rotation waits, and the rotation goes on', async (t) => {
  const { stage, uuid, id, letChange } = await waiting(t);

  await stage.conductor().requestProvision(uuid, { verb: 'provide' });
  const node = await stage.untilIdle(uuid);

  assert.deepEqual([node.provisionState, node.lastError], ['available', null]);
  assert.equal((await findOpenRotation(stage.store.db, uuid))?.id, id);
  assert.ok(await isInUseWorking(stage, uuid));
  letChange();
  await requireGoneOn(stage, uuid, id);
});

test('what is not stored as work passes as well, and leaves the rotation as it waits', async (t) => {
  const { stage, uuid } = await waiting(t);

  await stage.conductor().setBootDevice(uuid, 'pxe', { isPersistent: false });

  const open = await findOpenWorkflow(stage.store.db, uuid);
  assert.deepEqual([open?.kind, open?.state], ['rotate-bmc-credentials', 'waiting']);
});

test('another rotation is refused while one waits, unless a person wants it to go on', async (t) => {
  const { stage, uuid, id, letChange } = await waiting(t);

  for (const trigger of ['request', 'adopt', 'suspicion'] as const) {
    await assert.rejects(
      stage.conductor().requestBmcRotation(uuid, { trigger }),
      (error) =>
        error instanceof Refusal &&
        error.status === 409 &&
        /waits for the least age/.test(error.message),
    );
  }

  letChange();
  await requireGoneOn(stage, uuid, id);
});

test('a wait is as long as it is, whoever looks, and the status tells of it', async (t) => {
  const { stage, uuid } = await waiting(t);
  const calls = stage.bmcOf(uuid).calls();
  const before = await findOpenRotation(stage.store.db, uuid);

  const { fence } = await leaseOf(stage, uuid);
  await stage.restart();
  await untilLookedAfter(stage, uuid, fence);

  const after = await findOpenRotation(stage.store.db, uuid);
  assert.equal(stage.bmcOf(uuid).calls(), calls);
  assert.deepEqual([after?.work, after?.phase], [before?.work, 'applying']);
  const { rotation } = await stage.conductor().bmcCredentialStatus(uuid);
  assert.partialDeepStrictEqual(rotation, {
    waits_for: 'the least age of a password to pass',
    waits_because: 'bmc.too-soon',
  });
});

test('a cleaning whose rotation waits can be aborted', async (t) => {
  const { stage, uuid, letChange, id } = await waiting(t);
  const steps = [{ interface: 'management', step: 'rotate_bmc_credentials', args: {} }];
  await stage.conductor().requestProvision(uuid, { verb: 'clean', steps, isRamdiskDisabled: true });
  await stage.untilWaiting(uuid);

  await stage.conductor().requestProvision(uuid, { verb: 'abort' });
  const node = await stage.untilIdle(uuid);

  assert.equal(node.provisionState, 'clean failed');
  assert.equal((await findOpenRotation(stage.store.db, uuid))?.id, id);
  letChange();
  await requireGoneOn(stage, uuid, id);
});

type Trouble = {
  readonly name: string;
  readonly strike: (site: Site) => void;
  readonly number: number;
  readonly state: string;
  readonly limitHours: number;
};

const doorOf = (site: Site) =>
  site.bmc.door as { -readonly [K in keyof BmcAccountDoor]: BmcAccountDoor[K] };

const TROUBLES: readonly Trouble[] = [
  {
    name: 'a secret store that is away',
    strike: ({ secrets }) => {
      Object.assign(secrets, { put: fails('secret-store.away') });
    },
    number: 111,
    state: 'managed',
    limitHours: 72,
  },
  {
    name: 'a BMC that locks everybody out',
    strike: (site) => {
      doorOf(site).proveLogin = fails('bmc.locked');
    },
    number: 112,
    state: 'locked',
    limitHours: 12,
  },
  {
    name: 'a budget of logins that never has one left',
    strike: (site) => {
      doorOf(site).set = fails('bmc.login-budget');
    },
    number: 112,
    state: 'degraded',
    limitHours: 12,
  },
  {
    name: 'a BMC that does not answer',
    strike: (site) => {
      doorOf(site).fetchLimits = fails('bmc.unreachable');
    },
    number: 113,
    state: 'managed',
    limitHours: 0.25,
  },
  {
    name: 'a BMC for which it is always too soon',
    strike: (site) => {
      doorOf(site).set = fails('bmc.too-soon');
    },
    number: 114,
    state: 'degraded',
    limitHours: 168,
  },
];

for (const { name, strike, number, state, limitHours } of TROUBLES) {
  test(`${name} is waited for ${limitHours} hours, and then the rotation ends and says so`, async (t) => {
    const site = await openSite();
    t.after(site.close);
    await site.begin({ trigger: 'adopt' });
    await finish(site);
    site.passTime(24 * HOUR_MS);
    strike(site);
    const beganMs = site.nowMs();

    await site.begin();
    await finish(site, undefined, [site.bmc.door]);

    const hours = (site.nowMs() - beganMs) / HOUR_MS;
    const record = await site.credential();
    assert.ok(Math.abs(hours - limitHours) < 0.01 * limitHours, `${hours} h`);
    assert.equal(record.state, state);
    assert.match(
      record.lastResult?.text ?? '',
      new RegExp(`^BMC-CRED-${number} .*, then call repair_bmc_credentials\\.$`),
    );
    assert.ok((record.nextDueMs ?? Infinity) - site.nowMs() < 7 * HOUR_MS);
  });
}
