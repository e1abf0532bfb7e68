// The BMC of one scene: the lab's, in the process of the test, so that it outlives every process that works on it, and
// what is true of it can be asked without a login.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { JsonObject } from '@bessemer/protocol/json';

import { type Clock, systemClock } from '#clock';

import { IPMI_FAULTS, makeIpmiBmc, type IpmiFault } from '../../../lab/src/bmc/ipmi/bmc-memory.ts';
import { isFaultName } from '../../../lab/src/bmc/faults.ts';
import { openInBandPort } from '../../../lab/src/bmc/ipmi/in-band-port.ts';
import { startIpmiServer } from '../../../lab/src/bmc/ipmi/ipmi-server.ts';
import { type KeyPairPem, makeLabAuthority } from '../../../lab/src/bmc/lab-authority.ts';
import { type RedfishBmc, startRedfishBmc } from '../../../lab/src/bmc/redfish-server.ts';
import { makeSwitchMachine } from '../../../lab/test/stand-in/switch-machine.ts';

export const FACTORY: { readonly username: string; readonly password: string } = {
  username: 'factory',
  password: 'Factory-Set-1',
};
/** What the BMCs here lock at. */
export const LOCKOUT_THRESHOLD = 3;
const LOCKOUT_SECONDS = 300;

const lockedUntilMs = (clock: Clock): number => clock.monotonicMs() + LOCKOUT_SECONDS * 1_000;

export type HeldAccount = {
  readonly username: string;
  readonly password: string;
  readonly isEnabled: boolean;
};

export type SceneBmc = {
  readonly driver: 'redfish' | 'ipmi';
  readonly driverInfo: JsonObject;
  /** Where its own machine asks it; null where it has no such way. */
  readonly insidePort: number | null;
  readonly accounts: () => readonly HeldAccount[];
  /** Of every kind: what a process that was refused must not have made. */
  readonly requestCount: () => number;
  readonly loginCount: () => number;
  readonly refusalCount: () => number;
  /** Ever: nothing takes the mark of a lockout away but somebody who unlocks the account. */
  readonly isAnyLocked: () => boolean;
  /** As after wrong passwords of a stranger. */
  readonly lockOut: (username: string) => void;
  readonly setFault: (name: string, value?: number) => void;
  /** It does what it should, but for locking accounts. */
  readonly mend: () => void;
  /** Undefined where it speaks something else. */
  readonly redfish: RedfishBmc | undefined;
  readonly close: () => Promise<void>;
};

// One certificate for all of them: making keys takes longer than a rotation.
let identity: Promise<{ readonly own: KeyPairPem; readonly authority: string }> | undefined;
const issue = async (): Promise<{ readonly own: KeyPairPem; readonly authority: string }> => {
  const authority = await makeLabAuthority(systemClock);
  return { own: await authority.issue('m0', '127.0.0.1'), authority: authority.certificate };
};

const openRedfish = async (clock: Clock): Promise<SceneBmc> => {
  identity ??= issue();
  const { own, authority } = await identity;
  const mediaDirectory = await mkdtemp(join(tmpdir(), 'bessemer-kill-media-'));
  const bmc = await startRedfishBmc({
    machine: makeSwitchMachine(),
    clock,
    identity: own,
    host: '127.0.0.1',
    port: 0,
    accounts: [{ id: '2', userName: FACTORY.username, password: FACTORY.password }],
    mediaDirectory,
  });
  bmc.faults.set('lockout', LOCKOUT_THRESHOLD);
  bmc.faults.set('lockout-seconds', LOCKOUT_SECONDS);
  return {
    driver: 'redfish',
    insidePort: null,
    driverInfo: {
      redfish_address: bmc.url,
      redfish_verify_ca: authority,
      redfish_username: FACTORY.username,
      redfish_password: FACTORY.password,
    },
    accounts: () =>
      bmc.accounts.map(({ userName, password, isEnabled }) => ({
        username: userName,
        password,
        isEnabled,
      })),
    requestCount: () => bmc.counters.requests,
    loginCount: () => bmc.counters.logins,
    refusalCount: () => bmc.counters.wrongPasswords,
    isAnyLocked: () => bmc.accounts.some(({ lockedUntilMs }) => lockedUntilMs > 0),
    lockOut: (username) => {
      const account = bmc.accounts.find(({ userName }) => userName === username);
      if (account !== undefined) account.lockedUntilMs = lockedUntilMs(clock);
    },
    setFault: (name, value) => {
      if (!isFaultName(name)) throw new Error(`the BMC has no fault ${name}`);
      bmc.faults.set(name, value);
    },
    mend: () => {
      for (const name of Object.keys(bmc.faults.list())) {
        if (isFaultName(name) && !name.startsWith('lockout')) bmc.faults.clear(name);
      }
    },
    redfish: bmc,
    close: async () => {
      await bmc.close();
      await rm(mediaDirectory, { recursive: true });
    },
  };
};

const openIpmi = async (clock: Clock): Promise<SceneBmc> => {
  const bmc = makeIpmiBmc({ machine: makeSwitchMachine(), clock, ...FACTORY });
  bmc.faults.set('lockout', LOCKOUT_THRESHOLD);
  bmc.faults.set('lockout-seconds', LOCKOUT_SECONDS);
  const server = await startIpmiServer(bmc, { clock, host: '127.0.0.1', port: 0 });
  const inside = await openInBandPort(bmc, { host: '127.0.0.1', port: 0 });
  const users = () => [...bmc.users.values()];
  return {
    driver: 'ipmi',
    insidePort: inside.port,
    driverInfo: {
      ipmi_address: '127.0.0.1',
      ipmi_port: server.port,
      ipmi_username: FACTORY.username,
      ipmi_password: FACTORY.password,
    },
    accounts: () =>
      users()
        .filter(({ name }) => name !== '')
        .map(({ name, password, isEnabled }) => ({
          username: name,
          password: password.toString().replace(/\0+$/, ''),
          isEnabled,
        })),
    requestCount: () => bmc.counters.openings + bmc.counters.commands,
    loginCount: () => bmc.counters.logins,
    refusalCount: () => bmc.counters.wrongPasswords,
    isAnyLocked: () => users().some(({ lockedUntilMs }) => lockedUntilMs > 0),
    lockOut: (username) => {
      const user = users().find(({ name }) => name === username);
      if (user !== undefined) user.lockedUntilMs = lockedUntilMs(clock);
    },
    setFault: (name, value = 1) => {
      if (!Object.hasOwn(IPMI_FAULTS, name)) throw new Error(`the BMC has no fault ${name}`);
      bmc.faults.set(name as IpmiFault, value);
    },
    mend: () => {
      for (const name of bmc.faults.keys()) {
        if (!name.startsWith('lockout')) bmc.faults.delete(name);
      }
    },
    redfish: undefined,
    close: async () => {
      await inside.close();
      await server.close();
    },
  };
};

export const openSceneBmc = (driver: 'redfish' | 'ipmi', clock: Clock): Promise<SceneBmc> =>
  driver === 'redfish' ? openRedfish(clock) : openIpmi(clock);
