// What every door to the accounts of a BMC does, whatever the protocol and the BMC: the same tests for all of them.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import type { BmcAccount, BmcAccountDoor } from '#drivers/bmc-accounts';
import type { Credential } from '#trust/secret-store/secret-store';

import { Failure } from '@bessemer/protocol/errors/failure';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import { codeOf, credential, FIRST, SECOND, untilTrue } from './credentials.ts';

export type AccountBench = {
  readonly door: BmcAccountDoor;
  readonly node: NodeRecord;
  readonly administrator: Credential;
  /** Sessions that the BMC has now; null where it cannot be asked. */
  readonly sessionCount: (() => number) | null;
  /** Refused logins that the BMC counted; null where it cannot be asked. */
  readonly refusalCount: (() => number) | null;
};

const named = (accounts: readonly BmcAccount[], username: string): BmcAccount | undefined =>
  accounts.find((each) => each.username === username);

export const accountsContract = (
  name: string,
  open: (context: TestContext) => Promise<AccountBench>,
): void => {
  const contractTest = (
    sentence: string,
    work: (bench: AccountBench, context: TestContext) => Promise<void>,
  ): void => {
    test(`${name}: ${sentence}`, async (context) => work(await open(context), context));
  };

  contractTest('an account is made, proved and listed', async ({ door, node, administrator }) => {
    const id = await door.set(node, administrator, { id: null, credential: FIRST });

    await door.proveLogin(node, FIRST);
    const made = named(await door.list(node, administrator), FIRST.username);

    assert.equal(made?.id, id);
    assert.equal(made.privilege, 'administrator');
    assert.notEqual(made.isEnabled, false);
    assert.notEqual(made.isLocked, true);
  });

  contractTest('setting the same again is harmless', async ({ door, node, administrator }) => {
    const id = await door.set(node, administrator, { id: null, credential: FIRST });

    const again = await door.set(node, administrator, { id: null, credential: FIRST });
    const byId = await door.set(node, administrator, { id, credential: FIRST });

    assert.deepEqual([again, byId], [id, id]);
    await door.proveLogin(node, FIRST);
  });

  contractTest(
    "the password of another account is changed, and the other one's account is as it was",
    async ({ door, node, administrator }) => {
      const id = await door.set(node, administrator, { id: null, credential: FIRST });

      await door.set(node, administrator, { id, credential: SECOND });

      await door.proveLogin(node, SECOND);
      await door.proveLogin(node, administrator);
      assert.equal(await codeOf(door.proveLogin(node, FIRST)), 'bmc.credentials');
    },
  );

  contractTest(
    'an account that was lost is made anew, and who has its place now keeps it',
    async ({ door, node, administrator }) => {
      const other = credential('other', 'Oth2-2345-Efgh-6');
      const place = await door.set(node, administrator, { id: null, credential: other });

      const id = await door.set(node, administrator, { id: place, credential: FIRST });
      const nowhere = id.replace(/\d+$/, '9');
      await door.set(node, administrator, { id: nowhere, credential: SECOND });

      assert.notEqual(id, place);
      await door.proveLogin(node, SECOND);
      await door.proveLogin(node, other);
    },
  );

  contractTest('the own password is changed by its place, too', async (bench) => {
    const { door, node, administrator } = bench;
    const id = named(await door.list(node, administrator), administrator.username)?.id ?? null;
    const changed = credential(administrator.username, 'Newp-2345-Efgh-6');

    const place = await door.set(node, administrator, { id, credential: changed });

    await door.proveLogin(node, changed);
    assert.equal(place, id);
  });

  contractTest('the own password is changed', async ({ door, node, administrator }) => {
    const changed = credential(administrator.username, 'Newp-2345-Efgh-6');

    await door.set(node, administrator, { id: null, credential: changed });

    await door.proveLogin(node, changed);
    assert.equal(await codeOf(door.proveLogin(node, administrator)), 'bmc.credentials');
  });

  contractTest(
    'two accounts change the password of each other in turn',
    async ({ door, node, administrator }) => {
      const other = credential('bsmr-b', 'Oth2-2345-Efgh-6');
      await door.set(node, administrator, { id: null, credential: FIRST });
      await door.set(node, FIRST, { id: null, credential: other });
      await door.set(node, other, { id: null, credential: SECOND });

      await door.proveLogin(node, SECOND);
      await door.proveLogin(node, other);
    },
  );

  contractTest(
    'a wrong password is one refused login, and is not tried again',
    async ({ door, node, administrator, refusalCount }) => {
      const wrong = credential(administrator.username, 'Wrong-2345-Efgh6');

      const codes = [
        await codeOf(door.proveLogin(node, wrong)),
        await codeOf(door.list(node, wrong)),
      ];

      assert.deepEqual(codes, ['bmc.credentials', 'bmc.login-budget']);
      await untilTrue(() => (refusalCount?.() ?? 1) >= 1);
      assert.equal(refusalCount?.() ?? 1, 1);
    },
  );

  contractTest(
    'a password that was refused and then set is tried once more',
    async ({ door, node, administrator }) => {
      await door.set(node, administrator, { id: null, credential: FIRST });
      assert.equal(await codeOf(door.proveLogin(node, SECOND)), 'bmc.credentials');

      await door.set(node, administrator, { id: null, credential: SECOND });

      await door.proveLogin(node, SECOND);
    },
  );

  contractTest('a disabled account is refused', async ({ door, node, administrator }) => {
    const id = await door.set(node, administrator, { id: null, credential: FIRST });

    await door.disable(node, administrator, id);
    await door.disable(node, administrator, id);

    assert.equal(await codeOf(door.proveLogin(node, FIRST)), 'bmc.credentials');
    await door.proveLogin(node, administrator);
  });

  contractTest('a disabled account is enabled by setting it', async (bench) => {
    const { door, node, administrator } = bench;
    const id = await door.set(node, administrator, { id: null, credential: FIRST });
    await door.disable(node, administrator, id);

    await door.set(node, administrator, { id, credential: SECOND });

    await door.proveLogin(node, SECOND);
  });

  contractTest('nobody disables itself', async ({ door, node, administrator }) => {
    const own = named(await door.list(node, administrator), administrator.username);
    assert.ok(own !== undefined);

    assert.equal(await codeOf(door.disable(node, administrator, own.id)), 'bmc.account-fixed');
    await door.proveLogin(node, administrator);
  });

  contractTest('no session is left behind', async ({ door, node, administrator, sessionCount }) => {
    const id = await door.set(node, administrator, { id: null, credential: FIRST });
    await door.proveLogin(node, FIRST);
    await door.fetchLimits(node, administrator);
    await door.list(node, administrator);
    await door.set(node, FIRST, { id: null, credential: SECOND });
    await door.disable(node, administrator, id);
    await codeOf(door.proveLogin(node, SECOND));

    assert.equal(sessionCount?.() ?? 0, 0);
  });

  contractTest('no failure tells a password', async ({ door, node, administrator }) => {
    const wrong = credential(administrator.username, 'Canary-345-Efgh6');

    const error: unknown = await door
      .proveLogin(node, wrong)
      .catch((thrown: unknown) => (thrown instanceof Failure ? thrown : null));

    assert.ok(error instanceof Failure);
    const told = `${error.message} ${JSON.stringify(error.details)} ${String(error.cause)}`;
    assert.doesNotMatch(told, /Canary/);
  });
};
