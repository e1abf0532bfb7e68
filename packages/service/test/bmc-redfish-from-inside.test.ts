// A BMC without users of IPMI gets its account from inside by Redfish, and is found there again from outside.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { listRotations } from '#store/bmc-rotations';

import { openCredentialStage } from './bmc-credential/credential-stage.ts';

const ACCOUNT = '/redfish/v1/AccountService/Accounts/4';

test('the path of an account that Redfish made from inside is what Redfish changes later', async (t) => {
  const asked: (string | null)[] = [];
  const stage = await openCredentialStage(
    {},
    {
      openInBand: ({ node }) => {
        const { inBand } = stage.bmcOf(node.uuid);
        return {
          ...inBand,
          set: async (...wish) => {
            asked.push(wish[1].id);
            await inBand.set(...wish);
            return ACCOUNT;
          },
        };
      },
    },
  );
  t.after(stage.close);
  const uuid = await stage.makeNode();

  await stage.conductor().requestBmcRotation(uuid, { trigger: 'discovery', path: 'inband' });
  await stage.untilIdle(uuid);

  const [rotation] = await listRotations(stage.store.db, uuid, 1);
  const { slots, activeSlot } = await stage.credentialOf(uuid);
  assert.deepEqual([rotation?.outcome, rotation?.error, activeSlot], ['succeeded', null, 'a']);
  assert.deepEqual(slots.a.accountIds, { redfish: ACCOUNT });
  assert.equal(asked[0], null);
});
