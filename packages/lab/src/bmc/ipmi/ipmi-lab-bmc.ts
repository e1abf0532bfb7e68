// The lab's own IPMI BMC as the BMC of a simulated machine, whose agent reaches it from inside by a port of its own.

import { readFileSync, writeFileSync } from 'node:fs';

import type { Clock } from '../../clock.ts';
import type { LabBmc } from '../lab-bmc.ts';
import type { Machine } from '../power-model.ts';
import { IPMI_FAULTS, makeIpmiBmc, type IpmiFault, type IpmiUser } from './bmc-memory.ts';
import { openInBandPort } from './in-band-port.ts';
import { startIpmiServer } from './ipmi-server.ts';

export type IpmiLabBmcOptions = {
  readonly machine: Machine;
  readonly clock: Clock;
  readonly host: string;
  readonly port: number;
  /** For the machine itself, on the same address. */
  readonly insidePort: number;
  /** The account of the beginning. */
  readonly username: string;
  readonly password: string;
  /** Where users are kept over restarts. */
  readonly usersFile: string;
};

/** Of the network: what the machine is told that its BMC's address is. */
const ADDRESS_PARAMETER = 3;

type KeptUser = Omit<IpmiUser, 'password'> & { readonly id: number; readonly password: string };

export const startIpmiLabBmc = async (options: IpmiLabBmcOptions): Promise<LabBmc> => {
  const { machine, username, password, usersFile } = options;
  const saveUsers = (): void => {
    const kept: readonly KeptUser[] = [...bmc.users].map(([id, user]) => ({
      ...user,
      id,
      password: user.password.toString('base64'),
    }));
    writeFileSync(usersFile, JSON.stringify(kept), { mode: 0o600 });
  };
  const bmc = makeIpmiBmc({ machine, username, password, saveUsers });
  for (const { id, ...user } of readUsers(usersFile)) {
    bmc.users.set(id, { ...user, password: Buffer.from(user.password, 'base64') });
  }
  bmc.lanParameters.set(ADDRESS_PARAMETER, Buffer.from(options.host.split('.').map(Number)));
  const server = await startIpmiServer(bmc, options);
  const inside = await openInBandPort(bmc, { host: options.host, port: options.insidePort });
  return {
    faultNames: Object.keys(IPMI_FAULTS),
    // The lab asks only for names of `faultNames`.
    setFault: (name, value) => bmc.faults.set(name as IpmiFault, value ?? 1),
    clearFault: (name) => bmc.faults.delete(name as IpmiFault),
    faults: () => Object.fromEntries(bmc.faults),
    counters: () => ({ ...bmc.counters }),
    dropSessions: server.dropSessions,
    close: async () => {
      await inside.close();
      await server.close();
    },
  };
};

const readUsers = (path: string): readonly KeptUser[] => {
  try {
    // Only saveUsers writes this file.
    return JSON.parse(readFileSync(path, 'utf8')) as readonly KeptUser[];
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
};
