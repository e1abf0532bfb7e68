// The door to accounts over IPMI, for a BMC on loopback.

import type { TestContext } from 'node:test';

import { systemClock } from '#clock';
import { makeAddressRules } from '#drivers/address-rules';
import type { BmcAccountDoor } from '#drivers/bmc-accounts';
import { readIpmiAccess } from '#drivers/ipmi/access';
import { makeIpmiAccountDoor } from '#drivers/ipmi/accounts';
import { makeIpmiBmcs } from '#drivers/ipmi/bmcs';
import { DEFAULT_IPMI_OPTIONS } from '#drivers/ipmi/options';
import { makeResolveHost } from '#drivers/ipmi/resolve-host';
import { makeLoginBudget } from '#drivers/login-budget';

import type { NodeRecord } from '@bessemer/protocol/node/record';

import { startIpmiServer } from '../../../lab/src/bmc/ipmi/ipmi-server.ts';
import { makeIpmiBmc, type IpmiBmc } from '../../../lab/src/bmc/ipmi/bmc-memory.ts';
import { makeSwitchMachine } from '../../../lab/test/stand-in/switch-machine.ts';
import { nodeOf } from '../drivers/node-of.ts';
import { type AccountBench } from './accounts-contract.ts';
import { credential } from './credentials.ts';

export type IpmiAccountBench = AccountBench & {
  readonly bmc: IpmiBmc;
  readonly restart: () => void;
};

const ADMINISTRATOR = credential('admin', 'factory-password');
/** Answers on loopback come at once; a long wait would only be spent on those that never come. */
const OPTIONS = { ...DEFAULT_IPMI_OPTIONS, isLoopbackAllowed: true, waitsMs: [400, 800] };

export const ipmiDoorAt = (
  port: number,
  cipherSuite: 3 | 17,
): { readonly door: BmcAccountDoor; readonly node: NodeRecord } => {
  const rules = makeAddressRules(OPTIONS, 'ipmi');
  const budget = makeLoginBudget(systemClock, OPTIONS);
  const door = makeIpmiAccountDoor({
    bmcs: makeIpmiBmcs({
      options: OPTIONS,
      budget,
      resolveHost: makeResolveHost(rules),
      clock: systemClock,
    }),
    budget,
    accessOf: ({ driverInfo }, { username, password }) =>
      readIpmiAccess(
        { ...driverInfo, ipmi_username: username, ipmi_password: password.reveal() },
        rules,
        OPTIONS,
      ),
  });
  const node = nodeOf(
    { ipmi_address: '127.0.0.1', ipmi_port: port, ipmi_cipher_suite: cipherSuite },
    { driver: 'ipmi' },
  );
  return { door, node };
};

export const openLabIpmi = async (
  context: Pick<TestContext, 'after'>,
): Promise<IpmiAccountBench> => {
  const bmc = makeIpmiBmc({
    machine: makeSwitchMachine(),
    username: ADMINISTRATOR.username,
    password: ADMINISTRATOR.password.reveal(),
  });
  const server = await startIpmiServer(bmc, { clock: systemClock, host: '127.0.0.1', port: 0 });
  context.after(server.close);
  return {
    ...ipmiDoorAt(server.port, 17),
    bmc,
    administrator: ADMINISTRATOR,
    restart: server.restart,
    sessionCount: server.sessionCount,
    refusalCount: () => bmc.counters.wrongPasswords,
  };
};
