// Accounts over IPMI, against Debian's ipmi_sim with cipher suite 3.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import {
  accountsContract,
  codeOf,
  credential,
  type AccountBench,
} from './bmc-accounts/accounts-contract.ts';
import { ipmiDoorAt } from './bmc-accounts/ipmi-bench.ts';
import { startIpmiSim } from './drivers/ipmi-sim.ts';

const openIpmiSim = async (context: TestContext): Promise<AccountBench> => {
  const sim = await startIpmiSim();
  context.after(sim.close);
  return {
    ...ipmiDoorAt(sim.port, 3),
    administrator: credential(sim.username, sim.password),
    sessionCount: null,
    refusalCount: null,
  };
};

accountsContract('ipmi_sim', openIpmiSim);

test('ipmi_sim takes 20 bytes, and what it keeps a login tells', async (context) => {
  const { door, node, administrator } = await openIpmiSim(context);
  const long = 'Abcd-2345-Efgh-6789x';

  await door.set(node, administrator, { id: null, credential: credential('bsmr-a', long) });

  assert.equal(
    await codeOf(door.proveLogin(node, credential('bsmr-a', long.slice(0, 16)))),
    'no failure',
  );
});
