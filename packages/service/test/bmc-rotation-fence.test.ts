import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LeaseLost } from '#conductor/workflow/lease-lost';

import { finish, openSite } from './bmc-credential/rotation-site.ts';

const PAUSES = [
  'commit.generated after',
  'store.put after',
  'commit.applying after',
  'commit.verifying before',
  'commit.verifying after',
  'commit.committing before',
  'commit.retiring after',
];

for (const pause of PAUSES) {
  test(`an owner who slept at ${pause} while another one went on touches nothing`, async (t) => {
    const site = await openSite();
    t.after(site.close);
    await site.begin({ trigger: 'adopt' });
    let wakeUp: () => void = () => undefined;
    let fallAsleep: () => void = () => undefined;
    const asleep = new Promise<void>((resolve) => {
      fallAsleep = resolve;
    });
    site.atPoint = async (name, when) => {
      if (`${name} ${when}` !== pause) return;
      site.atPoint = () => undefined;
      const awake = new Promise<void>((resolve) => {
        wakeUp = resolve;
      });
      fallAsleep();
      await awake;
    };
    const sleeper = site.goOn();
    await asleep;
    await finish(site);
    const [calls, before] = [site.bmc.calls(), await site.credential()];

    wakeUp();

    await assert.rejects(sleeper, LeaseLost);
    assert.equal(site.bmc.calls(), calls);
    assert.deepEqual(await site.credential(), before);
    assert.equal(before.state, 'managed');
  });
}

test('a rotation that another process goes on with is the same rotation', async (t) => {
  const site = await openSite();
  t.after(site.close);
  await site.begin({ trigger: 'adopt' });
  const slots = new Set<string>();
  site.atPoint = (name) => {
    if (name === 'bmc.set.redfish') throw new Error('killed');
  };

  await assert.rejects(site.goOn(), /killed/);
  for (const { slot, writeId } of site.secrets.all()) slots.add(`${slot}#${writeId}`);
  site.atPoint = () => undefined;
  await finish(site);

  const { slots: own } = await site.credential();
  assert.ok(slots.has(`a#${own.a.ref}`), 'the password that was stored is the one that is set');
});
