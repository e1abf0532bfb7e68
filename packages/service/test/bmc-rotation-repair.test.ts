import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { afterPassword } from '#drivers/after-password';
import { changeBmcCredential } from '#store/bmc-credentials';
import { updateNode } from '#store/nodes';
import { keepDriverInfo } from '#trust/driver-secrets';

import { Failure } from '@bessemer/protocol/errors/failure';

import { FACTORY, type ModelBmc } from './bmc-credential/model-bmc.ts';
import {
  Crash,
  finish,
  openSite,
  PLAIN_KEYS,
  type Site,
  type SiteOptions,
} from './bmc-credential/rotation-site.ts';

const takenOver = async (context: TestContext, options: SiteOptions = {}): Promise<Site> => {
  const site = await openSite(options);
  context.after(site.close);
  await site.begin({ trigger: 'adopt' });
  await finish(site);
  return site;
};

const rotate = async (site: Site, trigger: 'repair' | 'request' = 'repair'): Promise<void> => {
  await site.begin({ trigger });
  await finish(site);
};

const setPassword = (bmc: ModelBmc, username: string, password: string): void => {
  const account = bmc.accounts.get(username);
  if (account !== undefined) account.password = password;
};

test('a BMC that forgot its users is taken over again by the login that was given', async (t) => {
  const site = await takenOver(t);
  site.bmc.reset();

  await rotate(site);

  const { state, slots } = await site.credential();
  assert.deepEqual([state, slots.a.state, slots.b.state], ['managed', 'standby', 'active']);
  assert.deepEqual([...site.bmc.accounts.keys()].toSorted(), ['bsmr-a', 'bsmr-b', 'factory']);
});

test('one account that does not work is set right by the other one', async (t) => {
  const site = await takenOver(t);
  setPassword(site.bmc, 'bsmr-a', 'Somebody-Changed-It');

  await rotate(site);

  const { state, activeSlot, slots } = await site.credential();
  assert.deepEqual([state, activeSlot, slots.b.state], ['managed', 'a', 'standby']);
});

test('where nothing works any more the node is lost, and a person can give a login', async (t) => {
  const site = await takenOver(t);
  for (const username of site.bmc.accounts.keys()) setPassword(site.bmc, username, 'Unknown-1');

  await rotate(site);
  const lost = await site.credential();
  const lostEvents = site.events.map(({ name }) => name);
  setPassword(site.bmc, FACTORY.username, 'Given-By-Hand-1');
  const info = { redfish_username: FACTORY.username, redfish_password: 'Given-By-Hand-1' };
  await updateNode(site.store.db, site.node, keepDriverInfo(PLAIN_KEYS, site.node, info));
  site.passTime(86_400_000);
  await rotate(site);

  assert.equal(lost.state, 'lost');
  assert.match(lost.lastResult?.text ?? '', /^BMC-CRED-105 no password that is known works/);
  assert.ok(lostEvents.includes('bmc.lost'));
  assert.equal((await site.credential()).state, 'managed');
  assert.ok(site.events.some(({ name }) => name === 'bmc.repaired'));
});

test('where nothing works the agent sets a password, and it is proved from outside', async (t) => {
  const site = await takenOver(t, { inBand: ({ inBand }) => inBand });
  for (const username of site.bmc.accounts.keys()) setPassword(site.bmc, username, 'Unknown-1');

  await rotate(site);

  const { state, slots } = await site.credential();
  assert.equal(state, 'managed');
  assert.deepEqual([slots.a.state, slots.b.state].toSorted(), ['active', 'standby']);
});

for (const strategy of ['dual', 'single'] as const) {
  test(`${strategy}: a process that dies just before the agent is told leaves nothing undone`, async (t) => {
    const site = await openSite({ inBand: ({ inBand }) => inBand, options: { strategy } });
    t.after(site.close);
    await site.begin({ trigger: 'discovery', path: 'inband' });
    let isKilled = false;
    site.atPoint = (name, when) => {
      if (isKilled || name !== 'inband.set' || when !== 'before') return;
      isKilled = true;
      throw new Crash(name);
    };

    await finish(site);

    assert.deepEqual([isKilled, (await site.credential()).state], [true, 'managed']);
  });
}

test('a machine that nobody has a login for is taken over from inside', async (t) => {
  const site = await openSite({ inBand: ({ inBand }) => inBand });
  t.after(site.close);
  await updateNode(site.store.db, site.node, { driverInfo: {}, driverSecrets: null });

  await site.begin({ trigger: 'discovery', path: 'inband' });
  await finish(site);

  const { state, given } = await site.credential();
  assert.deepEqual([state, given], ['managed', null]);
  assert.equal((await site.openNode()).driverInfo['redfish_username'], 'bsmr-a');
});

test('a store that was restored from an old copy is noticed, and another login is found', async (t) => {
  const site = await takenOver(t);
  await rotate(site, 'request');
  const { activeSlot } = await site.credential();
  const all = site.secrets.all().length;
  const lastOfActive = site.secrets.all().findLastIndex(({ slot }) => slot === activeSlot);
  site.secrets.forgetLast(all - lastOfActive);

  await rotate(site);

  assert.ok(site.events.some(({ name }) => name === 'bmc.store.rollback'));
  assert.equal((await site.credential()).state, 'managed');
});

test('a database that was restored from an old copy finds what only the store knows', async (t) => {
  const site = await takenOver(t);
  const { nodeUuid, ...copy } = await site.credential();
  // Until neither account has the password of the copy.
  await rotate(site, 'request');
  await rotate(site, 'request');
  await changeBmcCredential(site.store.db, nodeUuid, () => copy);
  setPassword(site.bmc, FACTORY.username, 'Nobody-Knows-It');

  await rotate(site);

  assert.equal((await site.credential()).state, 'managed');
});

test('a second protocol with accounts of its own is told, too', async (t) => {
  const site = await openSite();
  t.after(site.close);
  const other = await openSite();
  t.after(other.close);
  const second = { ...other.bmc.door, protocol: 'ipmi' as const };

  await site.begin({ trigger: 'adopt' });
  await finish(site, undefined, [site.bmc.door, second]);

  const { state, slots } = await site.credential();
  assert.equal(state, 'managed');
  for (const username of ['bsmr-a', 'bsmr-b']) {
    const password = site.bmc.accounts.get(username)?.password;
    assert.equal(other.bmc.accounts.get(username)?.password, password, username);
  }
  assert.equal(slots.a.username, 'bsmr-a');
});

test('an account that is locked for ever keeps the node for some hours, and not longer', async (t) => {
  const site = await takenOver(t);
  const { door } = site.bmc;
  const doors = [
    {
      ...door,
      proveLogin: async (...[node, as]: Parameters<typeof door.proveLogin>) => {
        if (as.username === 'bsmr-b') throw new Failure('bmc.locked', 'locked');
        return door.proveLogin(node, as);
      },
    },
  ];
  const beganMs = site.nowMs();

  await site.begin();
  await finish(site, undefined, doors);

  const { state, activeSlot, lastResult, slots } = await site.credential();
  assert.deepEqual(
    [state, activeSlot, lastResult?.text.slice(0, 12), slots.b.state],
    ['degraded', 'a', 'BMC-CRED-112', 'suspect'],
  );
  assert.ok(site.nowMs() - beganMs < 86_400_000);
});

test('a BMC that took the password and refused the rest may have it, and it is not given up', async (t) => {
  const site = await takenOver(t);
  const { door } = site.bmc;
  const doors = [
    {
      ...door,
      set: async (...args: Parameters<typeof door.set>) => {
        await door.set(...args);
        return afterPassword(async () => {
          throw new Failure('bmc.refused', 'The BMC gives no access.');
        });
      },
    },
  ];

  await site.begin();
  await finish(site, undefined, doors);
  const refused = await site.credential();
  await rotate(site);

  assert.match(refused.lastResult?.text ?? '', /^BMC-CRED-106/);
  assert.deepEqual([refused.state, refused.slots.b.state], ['degraded', 'suspect']);
  const named = await Promise.all(
    refused.slots.b.possible.map((ref) =>
      site.secrets.getWrite({ nodeUuid: site.node, slot: 'b' }, ref),
    ),
  );
  assert.equal(named.length, 1);
  assert.equal((await site.credential()).state, 'managed');
});
