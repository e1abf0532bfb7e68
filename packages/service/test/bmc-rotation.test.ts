import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { emptySlot } from '#store/bmc-credentials';
import { openDriverInfo } from '#trust/driver-secrets';

import { Failure } from '@bessemer/protocol/errors/failure';

import { FACTORY } from './bmc-credential/model-bmc.ts';
import {
  Crash,
  finish,
  openSite,
  PLAIN_KEYS,
  type Site,
  type SiteOptions,
} from './bmc-credential/rotation-site.ts';

const siteFor = async (context: TestContext, options: SiteOptions = {}): Promise<Site> => {
  const site = await openSite(options);
  context.after(site.close);
  return site;
};

const adopt = async (site: Site): Promise<void> => {
  await site.begin({ trigger: 'adopt' });
  await finish(site);
};

const activePassword = async (site: Site): Promise<string | undefined> => {
  const { slots, activeSlot } = await site.credential();
  const slot = slots[activeSlot ?? 'a'];
  return site.secrets
    .all()
    .find((each) => each.slot === activeSlot && each.writeId === slot.ref)
    ?.credential.password.reveal();
};

test('two accounts are made beside the one that was given, and the node names the one in use', async (t) => {
  const site = await siteFor(t);

  await adopt(site);

  const { state, activeSlot, slots, lastResult, nextDueMs } = await site.credential();
  assert.deepEqual(
    [state, activeSlot, slots.a.state, slots.b.state, lastResult?.outcome],
    ['managed', 'a', 'active', 'standby', 'succeeded'],
  );
  assert.ok(nextDueMs !== null && nextDueMs > site.nowMs());
  const password = await activePassword(site);
  assert.ok(password !== undefined && site.bmc.accepts({ username: 'bsmr-a', password }));
  assert.ok(site.bmc.accepts(FACTORY));
  const info = openDriverInfo(PLAIN_KEYS, await site.openNode());
  assert.deepEqual(info, {
    redfish_username: 'bsmr-a',
    redfish_password: `bmc-secret:a#${slots.a.ref}`,
  });
});

test('the next rotation changes roles, and no old password works', async (t) => {
  const site = await siteFor(t);
  await adopt(site);
  const before = [...site.bmc.accounts].map(([username, { password }]) => ({ username, password }));

  await site.begin();
  await finish(site);

  const { state, activeSlot, slots } = await site.credential();
  assert.deepEqual(
    [state, activeSlot, slots.a.state, slots.b.state],
    ['managed', 'b', 'standby', 'active'],
  );
  const alive = before.filter(site.bmc.accepts).map(({ username }) => username);
  assert.deepEqual(alive, [FACTORY.username]);
  assert.ok(site.events.some(({ name }) => name === 'bmc.rotation.old_dead'));
});

test('the account that was given is disabled when somebody wants that', async (t) => {
  const site = await siteFor(t, { options: { isGivenDisabled: true } });

  await adopt(site);

  assert.equal(site.bmc.accepts(FACTORY), false);
  assert.equal((await site.credential()).state, 'managed');
});

for (const [standbyPolicy, works, state] of [
  ['keep', true, 'standby'],
  ['disable', false, 'retired'],
] as const) {
  test(`with ${standbyPolicy} the account that was in use before rests as ${state}`, async (t) => {
    const site = await siteFor(t, { options: { standbyPolicy } });
    await adopt(site);
    const username = 'bsmr-a';
    const password = site.bmc.accounts.get(username)?.password ?? '';

    await site.begin();
    await finish(site);

    assert.equal(site.bmc.accepts({ username, password }), works);
    const credential = await site.credential();
    assert.deepEqual([credential.state, credential.slots.a.state], ['managed', state]);
  });
}

test('one account is enough where there is no place for two', async (t) => {
  const site = await siteFor(t, { options: { strategy: 'single' } });

  await adopt(site);
  await site.begin();
  await finish(site);

  const { state, slots } = await site.credential();
  assert.deepEqual(
    [state, slots.a.username, slots.b.state],
    ['managed', FACTORY.username, 'empty'],
  );
  assert.deepEqual([...site.bmc.accounts.keys()], [FACTORY.username]);
  assert.equal(site.bmc.accepts(FACTORY), false);
  const password = await activePassword(site);
  assert.ok(password !== undefined && site.bmc.accepts({ ...FACTORY, password }));
});

test('what a policy refuses is made another way, and the way is remembered', async (t) => {
  const site = await siteFor(t, { bmc: { refuses: (password) => !/[-_.]/.test(password) } });

  await adopt(site);

  const { state, profile } = await site.credential();
  assert.deepEqual([state, profile], ['managed', 'P2']);
  const refusals = site.events.filter(({ name }) => name === 'bmc.policy.refused');
  assert.equal(refusals.length, 1);
});

test('a policy that takes nothing leaves the login that was given', async (t) => {
  const site = await siteFor(t, { bmc: { refuses: () => true } });

  await adopt(site);

  const { state, lastResult, slots } = await site.credential();
  assert.deepEqual([state, slots.a.state], ['unmanaged', 'empty']);
  assert.match(lastResult?.text ?? '', /^BMC-CRED-107 candidate refused by password policy/);
  assert.ok(site.bmc.accepts(FACTORY));
});

for (const strategy of ['dual', 'single'] as const) {
  test(`${strategy}: a password that was cut off is found, and a shorter one follows`, async (t) => {
    // Passwords of 16 bytes are refused until 20 were cut to 16.
    const isCut = (): boolean => site.events.some(({ name }) => name === 'bmc.password.truncated');
    const site = await siteFor(t, {
      options: { strategy },
      bmc: { cutBytes: 16, refuses: (password) => password.length === 16 && !isCut() },
    });

    await adopt(site);

    const { state, limits } = await site.credential();
    assert.deepEqual([state, limits.lengthMaxBytes], ['managed', 16]);
    const password = await activePassword(site);
    assert.equal(password?.length, 16);
    assert.ok(isCut());
  });
}

for (const strategy of ['dual', 'single'] as const) {
  test(`${strategy}: a BMC that says it did and did not is told once more`, async (t) => {
    const site = await siteFor(t, { options: { strategy }, bmc: { liesCount: 1 } });

    await adopt(site);

    assert.equal((await site.credential()).state, 'managed');
  });

  test(`${strategy}: a BMC that always says so keeps what it had, and the cause is told`, async (t) => {
    const site = await siteFor(t, { options: { strategy } });
    await adopt(site);
    const lying = site.bmc.door.set;
    (site.bmc.door as { set: typeof lying }).set = async () => 'x';

    await site.begin();
    await finish(site);

    const { state, lastResult } = await site.credential();
    assert.deepEqual([state, lastResult?.outcome], ['managed', 'failed']);
    assert.match(lastResult?.text ?? '', /^BMC-CRED-108/);
    const password = await activePassword(site);
    const username = strategy === 'dual' ? 'bsmr-a' : FACTORY.username;
    assert.ok(password !== undefined && site.bmc.accepts({ username, password }));
  });
}

test('single: where one refusal is all there may be, the old password is not tried', async (t) => {
  const site = await siteFor(t, {
    options: { strategy: 'single' },
    bmc: { lockoutThreshold: 3 },
  });
  await adopt(site);
  await site.begin();

  const end = await site.goOn();

  assert.equal(end?.kind, 'ended', 'the next rotation has to wait for no budget');
  assert.equal((await site.credential()).state, 'managed');
  assert.ok(!site.events.some(({ name }) => name === 'bmc.lockout.avoided'));
});

for (const strategy of ['dual', 'single'] as const) {
  test(`${strategy}: what waits before the BMC is told counts as not told`, async (t) => {
    const site = await siteFor(t, { options: { strategy }, bmc: { lockoutThreshold: 3 } });
    await site.begin({ trigger: 'adopt' });
    let isKilled = false;
    site.atPoint = (name, when) => {
      if (isKilled || name !== 'bmc.set.redfish' || when !== 'before') return;
      isKilled = true;
      throw new Crash(name);
    };

    await finish(site);

    const { state, lastResult } = await site.credential();
    assert.deepEqual([isKilled, state, lastResult?.outcome], [true, 'managed', 'succeeded']);
  });
}

for (const strategy of ['dual', 'single'] as const) {
  test(`${strategy}: a login that may change nothing but its own password is one of ours afterwards`, async (t) => {
    const bmc = { demandsChange: true, lockoutThreshold: 5 };
    const site = await siteFor(t, { bmc, options: { strategy } });

    await adopt(site);

    const { state, activeSlot, slots, given } = await site.credential();
    assert.deepEqual(
      [state, activeSlot, slots.a.username, given],
      ['managed', 'a', 'factory', null],
    );
    assert.equal(site.bmc.accepts(FACTORY), false);
    const password = (await activePassword(site)) ?? '';
    assert.ok(site.bmc.accepts({ username: FACTORY.username, password }));
    assert.deepEqual(
      site.events.map(({ name }) => name).filter((name) => /demanded|old_dead/.test(name)),
      ['bmc.password.change_demanded', 'bmc.rotation.old_dead'],
    );
  });

  test(`${strategy}: killed anywhere on that way, the next process ends it`, async (t) => {
    const clean = await siteFor(t, { bmc: { demandsChange: true }, options: { strategy } });
    await adopt(clean);
    for (let at = 1; at <= clean.points.length; at += 1) {
      const site = await openSite({
        bmc: { demandsChange: true, lockoutThreshold: 3 },
        options: { strategy },
      });
      site.atPoint = (name, _when, count) => {
        if (count === at) throw new Crash(name);
      };

      await adopt(site);

      const { state, lastResult } = await site.credential();
      assert.deepEqual([state, lastResult?.outcome], ['managed', 'succeeded'], clean.points[at]);
      assert.deepEqual([site.bmc.lockouts(), site.bmc.accepts(FACTORY)], [0, false]);
      await site.close();
    }
  });
}

test('a BMC that wants another password first, and takes none, is left as it was, and says so', async (t) => {
  const site = await siteFor(t, { bmc: { demandsChange: true } });
  const door = {
    ...site.bmc.door,
    set: async (): Promise<string> => {
      throw new Failure('bmc.account-fixed', 'This account is not changed here.');
    },
  };

  await site.begin({ trigger: 'adopt' });
  await finish(site, undefined, [door]);

  const { state, slots, lastResult, superseded } = await site.credential();
  assert.deepEqual([state, slots.a], ['unmanaged', emptySlot('bsmr-a')]);
  assert.match(
    lastResult?.text ?? '',
    /^BMC-CRED-115 the BMC demands another password .*not changed here\. Change it at the BMC, put it/,
  );
  assert.ok(superseded.some(({ ref }) => ref.endsWith('-given')));
  assert.ok(site.bmc.accepts(FACTORY));
});
