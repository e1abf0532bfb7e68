// The lab's IPMI BMC in this process, so that a test reads its counters and sets its faults.

import { systemClock } from '#clock';

import { makeIpmiBmc, type IpmiBmc } from '../../../lab/src/bmc/ipmi/bmc-memory.ts';
import { startIpmiServer } from '../../../lab/src/bmc/ipmi/ipmi-server.ts';
import { makeSwitchMachine } from '../../../lab/test/stand-in/switch-machine.ts';

export type LabBmc = {
  readonly bmc: IpmiBmc;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly sessionCount: () => number;
  readonly dropSessions: () => void;
  readonly close: () => Promise<void>;
};

const USERNAME = 'admin';
const PASSWORD = 'factory-password';

export const startLabBmc = async (options: { readonly bmcKey?: Buffer } = {}): Promise<LabBmc> => {
  const bmc = makeIpmiBmc({
    machine: makeSwitchMachine(),
    username: USERNAME,
    password: PASSWORD,
    ...options,
  });
  const server = await startIpmiServer(bmc, { clock: systemClock, host: '127.0.0.1', port: 0 });
  return { bmc, ...server, username: USERNAME, password: PASSWORD };
};
