import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { makeStoredLogins } from '#conductor/bmc-credential/stored-login';
import type { UseBmcLogin } from '#drivers/bmc-login';
import { CHANGE_DEMANDED } from '#drivers/change-demanded';
import { changeBmcCredential } from '#store/bmc-credentials';
import { Secret } from '#trust/secret';
import { referenceText } from '#trust/secret-store/secret-reference';
import type { Credential } from '#trust/secret-store/secret-store';

import { Failure } from '@bessemer/protocol/errors/failure';

import { finish, openSite, type Site } from './bmc-credential/rotation-site.ts';

type Stage = {
  readonly site: Site;
  readonly use: UseBmcLogin;
  readonly reference: () => Promise<Credential>;
};

const stageFor = async (context: TestContext): Promise<Stage> => {
  const site = await openSite();
  context.after(site.close);
  await site.begin({ trigger: 'adopt' });
  await finish(site);
  const { store, secrets } = site;
  return {
    site,
    use: makeStoredLogins({ store, secrets, clock: site.parts.clock }),
    reference: async () => {
      const { slots } = await site.credential();
      const text = referenceText({ slot: 'a', writeId: slots.a.ref ?? '' });
      return { username: 'bsmr-a', password: new Secret(text) };
    },
  };
};

const isFailure =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof Failure && error.code === code;

test('a reference stands for the account that is in use now, also for who read it before', async (t) => {
  const { site, use, reference } = await stageFor(t);
  const old = await reference();
  await site.begin();
  await finish(site);

  const login = await use(await site.openNode(), old, async (each) => each);

  assert.equal(login.username, 'bsmr-b');
  assert.ok(site.bmc.accepts({ username: 'bsmr-b', password: login.password.reveal() }));
});

test('a password that a person gave is used as it is', async (t) => {
  const { site, use } = await stageFor(t);
  const given = { username: 'admin', password: new Secret('of a person') };

  assert.equal(await use(await site.openNode(), given, async (each) => each), given);
});

test('after one refusal nobody logs in, until a rotation found what works', async (t) => {
  const { site, use, reference } = await stageFor(t);
  site.passTime(600_000);
  const node = await site.openNode();
  const given = await reference();
  const refuse = async (): Promise<never> => {
    throw new Failure('bmc.credentials', 'refused');
  };

  await assert.rejects(use(node, given, refuse), isFailure('bmc.credentials'));
  let count = 0;
  const work = async (): Promise<void> => {
    count += 1;
  };
  await assert.rejects(use(node, given, work), isFailure('bmc.login-budget'));
  const { isPaused, nextDueMs, tries } = await site.credential();
  await site.begin({ trigger: 'suspicion' });
  await finish(site);
  await use(node, given, work);

  assert.deepEqual([isPaused, tries.length, count], [true, 1, 1]);
  assert.ok(nextDueMs !== null && nextDueMs <= site.nowMs());
});

test('a password that is refused again and again is not rotated all the time', async (t) => {
  const { site, use, reference } = await stageFor(t);
  const given = await reference();
  const rotatedMs = (await site.credential()).lastResult?.atMs ?? 0;
  const refuse = async (): Promise<never> => {
    throw new Failure('bmc.credentials', 'refused');
  };

  await assert.rejects(use(await site.openNode(), given, refuse), isFailure('bmc.credentials'));

  const { isPaused, nextDueMs } = await site.credential();
  assert.deepEqual([isPaused, nextDueMs], [true, rotatedMs + 600_000]);
});

test('a login that is good for nothing but its own change is no refusal, and a rotation comes', async (t) => {
  const { site, use, reference } = await stageFor(t);
  site.passTime(600_000);
  const demand = async (): Promise<never> => {
    const details = { reason: CHANGE_DEMANDED };
    throw new Failure('bmc.credentials', 'change it first', { details });
  };

  const given = await reference();
  await assert.rejects(use(await site.openNode(), given, demand), isFailure('bmc.credentials'));

  const { isPaused, nextDueMs, tries } = await site.credential();
  assert.deepEqual([isPaused, nextDueMs, tries], [true, site.nowMs(), []]);
});

test('a refusal of what went out of use meanwhile is no suspicion', async (t) => {
  const { site, use, reference } = await stageFor(t);
  const refuse = async (): Promise<never> => {
    await site.begin();
    await finish(site);
    throw new Failure('bmc.credentials', 'refused');
  };

  const given = await reference();
  await assert.rejects(use(await site.openNode(), given, refuse), isFailure('bmc.credentials'));

  const { isPaused, activeSlot } = await site.credential();
  assert.deepEqual([isPaused, activeSlot], [false, 'b']);
});

test('a lockout holds everybody until it is over', async (t) => {
  const { site, use, reference } = await stageFor(t);
  const node = await site.openNode();
  const given = await reference();
  const lock = async (): Promise<never> => {
    throw new Failure('bmc.locked', 'locked');
  };

  await assert.rejects(use(node, given, lock), isFailure('bmc.locked'));
  const { heldUntilMs } = await site.credential();
  site.passTime((heldUntilMs ?? 0) - site.nowMs() + 1);
  await site.store.transaction((trx) =>
    changeBmcCredential(trx, site.node, () => ({ isPaused: false })),
  );

  assert.equal(await use(node, given, async () => 'in'), 'in');
});

test('nobody gets the password of another node by its reference', async (t) => {
  const { site, use } = await stageFor(t);
  const foreign = await openSite();
  t.after(foreign.close);
  const { slots } = await site.credential();
  const text = referenceText({ slot: 'a', writeId: slots.a.ref ?? '' });
  const copied = { username: 'x', password: new Secret(text) };
  const logins = makeStoredLogins({
    store: foreign.store,
    secrets: site.secrets,
    clock: foreign.parts.clock,
  });

  await assert.rejects(
    logins(await foreign.openNode(), copied, async () => 'in'),
    isFailure('secret-store.gone'),
  );
  assert.equal(typeof use, 'function');
});

test('nobody logs in with the old password while the new one is proved by another protocol', async (t) => {
  const site = await openSite({ options: { strategy: 'single' } });
  t.after(site.close);
  await site.begin({ trigger: 'adopt' });
  await finish(site);
  const { store, secrets, bmc } = site;
  const use = makeStoredLogins({ store, secrets, clock: site.parts.clock });
  const { slots } = await site.credential();
  const text = referenceText({ slot: 'a', writeId: slots.a.ref ?? '' });
  const login = { username: slots.a.username, password: new Secret(text) };
  const away = async (): Promise<never> => {
    throw new Failure('bmc.unreachable', 'gone');
  };

  await site.begin();
  const end = await site.goOn([bmc.door, { ...bmc.door, protocol: 'ipmi', proveLogin: away }]);

  assert.equal(end?.kind, 'wait');
  await assert.rejects(
    use(await site.openNode(), login, async ({ username, password }) => {
      assert.ok(bmc.accepts({ username, password: password.reveal() }), 'the old one was used');
    }),
    isFailure('bmc.login-budget'),
  );
});

test('what the BMC was told in vain leaves the login as it was, for as long as that is waited for', async (t) => {
  const site = await openSite({ options: { strategy: 'single' } });
  t.after(site.close);
  await site.begin({ trigger: 'adopt' });
  await finish(site);
  const { store, secrets, bmc } = site;
  const use = makeStoredLogins({ store, secrets, clock: site.parts.clock });
  const { slots } = await site.credential();
  const text = referenceText({ slot: 'a', writeId: slots.a.ref ?? '' });
  const login = { username: slots.a.username, password: new Secret(text) };
  const tooSoon = async (): Promise<never> => {
    throw new Failure('bmc.too-soon', 'not yet');
  };

  await site.begin();
  const end = await site.goOn([{ ...bmc.door, set: tooSoon }]);

  assert.equal(end?.kind, 'wait');
  const isAccepted = await use(await site.openNode(), login, async ({ username, password }) =>
    bmc.accepts({ username, password: password.reveal() }),
  );
  assert.ok(isAccepted);
  await finish(site);
  const { state, slots: after } = await site.credential();
  assert.deepEqual([state, after.a.state, after.a.possible], ['managed', 'active', []]);
  assert.notEqual(after.a.ref, slots.a.ref);
});

test('after a week in vain the only account is in use as before', async (t) => {
  const site = await openSite({ options: { strategy: 'single' } });
  t.after(site.close);
  await site.begin({ trigger: 'adopt' });
  await finish(site);
  const { slots } = await site.credential();
  const tooSoon = async (): Promise<never> => {
    throw new Failure('bmc.too-soon', 'not yet');
  };

  await site.begin();
  await finish(site, undefined, [{ ...site.bmc.door, set: tooSoon }]);

  const { state, slots: after, lastResult } = await site.credential();
  assert.match(lastResult?.text ?? '', /^BMC-CRED-114/);
  assert.deepEqual([state, after.a.state, after.a.ref], ['managed', 'active', slots.a.ref]);
});
