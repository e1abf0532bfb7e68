// Accounts over IPMI, against Debian's ipmi_sim with cipher suite 3.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';

import { accountsContract, type AccountBench } from './bmc-accounts/accounts-contract.ts';
import { codeOf, credential, FIRST } from './bmc-accounts/credentials.ts';
import { ipmiDoorAt } from './bmc-accounts/ipmi-bench.ts';
import { startIpmiSim } from './drivers/ipmi-sim.ts';

const run = promisify(execFile);

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

test('cipher suite 0 of ipmi_sim is told of, and ipmitool gets in with it and a wrong password', async (context) => {
  const { door, node, administrator } = await openIpmiSim(context);
  const port = JSON.stringify(node.driverInfo['ipmi_port']);
  const login = ['-C', '0', '-H', '127.0.0.1', '-p', port, '-U', administrator.username];

  const exposure = await door.fetchExposure?.(node, administrator);
  const { stdout } = await run('ipmitool', [
    '-I',
    'lanplus',
    ...login,
    '-P',
    'wrong',
    'mc',
    'info',
  ]);

  assert.deepEqual(exposure, { hasSuiteZero: true });
  assert.match(stdout, /Device ID/);
});

test('ipmi_sim does not tell who is enabled; a disabled account has no privilege', async (context) => {
  const { door, node, administrator } = await openIpmiSim(context);
  const id = await door.set(node, administrator, { id: null, credential: FIRST });

  await door.disable(node, administrator, id);

  const account = (await door.list(node, administrator)).find((each) => each.id === id);
  assert.deepEqual([account?.isEnabled, account?.privilege], [null, 'none']);
});
