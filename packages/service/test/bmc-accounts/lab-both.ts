// One machine of the lab that speaks Redfish and IPMI, with one set of accounts behind both.

import type { TestContext } from 'node:test';

import { systemClock } from '#clock';
import type { BmcAccountDoor } from '#drivers/bmc-accounts';

import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import { makeIpmiBmc, type IpmiBmc } from '../../../lab/src/bmc/ipmi/bmc-memory.ts';
import { startIpmiServer } from '../../../lab/src/bmc/ipmi/ipmi-server.ts';
import { shareUsers } from '../../../lab/src/bmc/ipmi/shared-users.ts';
import { makeSwitchMachine } from '../../../lab/test/stand-in/switch-machine.ts';
import { nodeOf } from '../drivers/node-of.ts';
import { openLabRedfish, type RedfishAccountBench } from './lab-redfish.ts';

export type BothBench = RedfishAccountBench & {
  readonly ipmiDoor: BmcAccountDoor;
  /** The same node, spoken to by Redfish alone. */
  readonly redfishNode: NodeRecord;
  readonly ipmi: IpmiBmc;
  readonly ipmiSessionCount: () => number;
};

export const openLabBoth = async (
  context: Pick<TestContext, 'after'>,
  driverInfo: JsonObject = {},
): Promise<BothBench> => {
  const bench = await openLabRedfish(context, driverInfo, {
    isOn: () => ipmi.isOverLan,
    switch: (isOn) => {
      ipmi.isOverLan = isOn;
    },
  });
  const ipmi = makeIpmiBmc({
    machine: makeSwitchMachine(),
    username: '',
    password: '',
    users: shareUsers(bench.bmc.accounts),
  });
  const server = await startIpmiServer(ipmi, { clock: systemClock, host: '127.0.0.1', port: 0 });
  context.after(server.close);
  const node = nodeOf({
    ...bench.node.driverInfo,
    ipmi_address: '127.0.0.1',
    ipmi_port: server.port,
  });
  const [, ipmiDoor] = bench.driver.accounts?.(node) ?? [];
  if (ipmiDoor === undefined) throw new Error('the redfish type has no door over IPMI');
  return {
    ...bench,
    node,
    redfishNode: bench.node,
    ipmiDoor,
    ipmi,
    ipmiSessionCount: server.sessionCount,
  };
};
