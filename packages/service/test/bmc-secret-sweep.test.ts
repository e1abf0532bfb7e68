import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { sweepSecrets } from '#conductor/bmc-credential/sweep-secrets';
import { Secret } from '#trust/secret';

import { Crash, finish, openSite, type Site } from './bmc-credential/rotation-site.ts';

const DAY_MS = 86_400_000;
const credential = { username: 'bsmr-a', password: new Secret('Left-Over-1') };

const siteFor = async (context: TestContext): Promise<Site> => {
  const site = await openSite();
  context.after(site.close);
  await site.begin({ trigger: 'adopt' });
  await finish(site);
  return site;
};

const refs = (site: Site): readonly string[] =>
  site.secrets.all().map(({ slot, writeId }) => `${slot}#${writeId}`);

test('a password that is out of use stays for a week, and what is in use stays', async (t) => {
  const site = await siteFor(t);
  const [before] = [(await site.credential()).slots];
  await site.begin();
  await finish(site);

  await sweepSecrets(site.parts);
  const early = refs(site);
  site.passTime(8 * DAY_MS);
  await sweepSecrets(site.parts);

  const { slots, superseded } = await site.credential();
  assert.ok(early.includes(`a#${before.a.ref}`) && early.includes(`b#${before.b.ref}`));
  assert.deepEqual(
    refs(site)
      .filter((each) => !each.startsWith('given'))
      .toSorted(),
    [`a#${slots.a.ref}`, `b#${slots.b.ref}`],
  );
  assert.deepEqual(superseded, []);
});

test('what no row names is destroyed after a day, when another password was proved since', async (t) => {
  const site = await siteFor(t);
  await site.secrets.put({
    place: { nodeUuid: site.node, slot: 'a' },
    writeId: 'lost',
    credential,
  });
  site.passTime(1);
  await site.begin();
  await finish(site);

  await sweepSecrets(site.parts);
  assert.ok(refs(site).includes('a#lost'), 'it may be what a process is about to name');
  site.passTime(2 * DAY_MS);
  await sweepSecrets(site.parts);

  assert.ok(!refs(site).includes('a#lost'));
  assert.ok(site.events.some(({ name }) => name === 'bmc.store.orphan_destroyed'));
});

test('what is newer than all that the row knows is kept: the database may be the older one', async (t) => {
  const site = await siteFor(t);
  site.passTime(1);
  await site.secrets.put({
    place: { nodeUuid: site.node, slot: 'a' },
    writeId: 'newer',
    credential,
  });

  site.passTime(30 * DAY_MS);
  await sweepSecrets(site.parts);

  assert.ok(refs(site).includes('a#newer'));
});

test('nothing is destroyed of a node that nothing is known of', async (t) => {
  const site = await siteFor(t);
  const nodeUuid = '00000000-0000-4000-8000-000000000001';
  await site.secrets.put({ place: { nodeUuid, slot: 'a' }, writeId: 'other', credential });

  site.passTime(30 * DAY_MS);
  await sweepSecrets(site.parts);

  assert.ok(refs(site).includes('a#other'));
});

test('what a rotation that died is about to use is left alone', async (t) => {
  const site = await siteFor(t);
  await site.begin();
  site.atPoint = (name, when) => {
    if (name === 'store.put' && when === 'after') throw new Crash();
  };
  await assert.rejects(site.goOn(), Crash);
  site.atPoint = () => undefined;
  const count = site.secrets.all().length;

  site.passTime(2 * DAY_MS);
  await sweepSecrets(site.parts);
  await finish(site);

  assert.equal(count <= site.secrets.all().length, true);
  assert.equal((await site.credential()).state, 'managed');
});
