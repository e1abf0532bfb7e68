// Rotations over the wire: the lab's BMCs, the doors of the drivers, and the system's clock.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import type { BmcAccountDoor } from '#drivers/bmc-accounts';
import { updateNode } from '#store/nodes';
import { keepDriverInfo } from '#trust/driver-secrets';
import { Secret } from '#trust/secret';
import type { Credential } from '#trust/secret-store/secret-store';

import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { AccountBench } from './bmc-accounts/accounts-contract.ts';
import { openLabBoth } from './bmc-accounts/lab-both.ts';
import { openLabIpmi } from './bmc-accounts/ipmi-bench.ts';
import { openLabRedfish } from './bmc-accounts/lab-redfish.ts';
import { finish, openSite, PLAIN_KEYS, type Site } from './bmc-credential/rotation-site.ts';

/** Which machine it is, its own node says. */
const doorOf = (door: BmcAccountDoor, node: NodeRecord): BmcAccountDoor => ({
  ...door,
  proveLogin: (_node, as) => door.proveLogin(node, as),
  fetchLimits: (_node, as) => door.fetchLimits(node, as),
  list: (_node, as) => door.list(node, as),
  set: (_node, as, wish) => door.set(node, as, wish),
  disable: (_node, as, id) => door.disable(node, as, id),
});

const siteFor = async (context: TestContext, given: Credential): Promise<Site> => {
  const site = await openSite({ options: { isGivenDisabled: true } });
  context.after(site.close);
  const { username, password } = given;
  const info = {
    redfish_username: username,
    redfish_password: password.reveal(),
    ipmi_username: username,
    ipmi_password: password.reveal(),
  };
  const kept = keepDriverInfo(PLAIN_KEYS, site.node, info);
  await updateNode(site.store.db, site.node, kept);
  return site;
};

const storedLogin = async (site: Site, slot: 'a' | 'b'): Promise<Credential> => {
  const { ref } = (await site.credential()).slots[slot];
  const stored = site.secrets.all().find((each) => each.slot === slot && each.writeId === ref);
  return stored?.credential ?? { username: '', password: new Secret('') };
};

type Bench = {
  readonly name: string;
  readonly open: (context: TestContext) => Promise<
    Pick<AccountBench, 'administrator'> & {
      readonly doors: readonly BmcAccountDoor[];
    }
  >;
};

const BENCHES: readonly Bench[] = [
  {
    name: 'Redfish',
    open: async (context) => {
      const { door, node, administrator } = await openLabRedfish(context);
      return { administrator, doors: [doorOf(door, node)] };
    },
  },
  {
    name: 'IPMI',
    open: async (context) => {
      const { door, node, administrator } = await openLabIpmi(context);
      return { administrator, doors: [doorOf(door, node)] };
    },
  },
  {
    name: 'Redfish and IPMI',
    open: async (context) => {
      const { door, ipmiDoor, node, administrator } = await openLabBoth(context);
      return { administrator, doors: [doorOf(door, node), doorOf(ipmiDoor, node)] };
    },
  },
];

for (const { name, open } of BENCHES) {
  test(`${name}: two accounts are made, changed in turn, and the given one is disabled`, async (t) => {
    const { administrator, doors } = await open(t);
    const site = await siteFor(t, administrator);

    await site.begin({ trigger: 'adopt' });
    await finish(site, undefined, doors);
    const first = await site.credential();
    const replaced = await storedLogin(site, 'a');
    await site.begin();
    await finish(site, undefined, doors);

    const second = await site.credential();
    assert.deepEqual(
      [first.lastResult?.text, first.state, first.activeSlot],
      ['The credentials were rotated.', 'managed', 'a'],
    );
    assert.deepEqual(
      [second.lastResult?.text, second.state, second.activeSlot],
      ['The credentials were rotated.', 'managed', 'b'],
    );
    const node = await site.openNode();
    for (const door of doors) {
      for (const slot of ['a', 'b'] as const) {
        await door.proveLogin(node, await storedLogin(site, slot));
      }
      // The second door need not ask any more: the doors share what they know of refusals.
      await assert.rejects(door.proveLogin(node, administrator), {
        code: door === doors[0] ? 'bmc.credentials' : /bmc.credentials|bmc.login-budget/,
      });
    }
    await assert.rejects(async () => doors[0]?.proveLogin(node, replaced));
  });
}
