// Many BMCs of the lab in a process of its own, each at a port of its own. Prints the ports, and the authority of
// their certificates, as JSON. A message asks for what was counted since the last one.
//   node bmcs-process.ts ipmi|redfish COUNT USER PASSWORD

import { tmpdir } from 'node:os';

import { makeIpmiBmc } from '../packages/lab/src/bmc/ipmi/bmc-memory.ts';
import { startIpmiServer } from '../packages/lab/src/bmc/ipmi/ipmi-server.ts';
import { type KeyPairPem, makeLabAuthority } from '../packages/lab/src/bmc/lab-authority.ts';
import { startRedfishBmc } from '../packages/lab/src/bmc/redfish-server.ts';
import { systemClock } from '../packages/lab/src/clock.ts';
import { makeSwitchMachine } from '../packages/lab/test/stand-in/switch-machine.ts';

import type { BmcCounts } from './bmcs.ts';

const HOST = '127.0.0.1';
/** Of wrong passwords; with fewer no BMC is sold. */
const LOCKOUT_THRESHOLD = 3;
const LOCKOUT_SECONDS = 300;

const [, , kind = '', count = '1', username = '', password = ''] = process.argv;

let sessionsNow = 0;
let mostSessions = 0;
let mostSessionsAtOne = 0;

const makeSessionCounter = (): ((sessions: number) => void) => {
  let own = 0;
  return (sessions) => {
    sessionsNow += sessions - own;
    own = sessions;
    mostSessions = Math.max(mostSessions, sessionsNow);
    mostSessionsAtOne = Math.max(mostSessionsAtOne, own);
  };
};

type StartedBmc = {
  readonly port: number;
  readonly requests: () => number;
  readonly logins: () => number;
  readonly refusedLogins: () => number;
  /** Ever: nothing takes the mark of a lockout away. */
  readonly locked: () => number;
};

const lockedOf = (accounts: Iterable<{ readonly lockedUntilMs: number }>): number =>
  [...accounts].filter(({ lockedUntilMs }) => lockedUntilMs > 0).length;

const startIpmi = async (): Promise<StartedBmc> => {
  const bmc = makeIpmiBmc({ machine: makeSwitchMachine(), username, password });
  bmc.faults.set('lockout', LOCKOUT_THRESHOLD);
  bmc.faults.set('lockout-seconds', LOCKOUT_SECONDS);
  const note = makeSessionCounter();
  const server = await startIpmiServer(bmc, {
    clock: systemClock,
    host: HOST,
    port: 0,
    onRequest: () => note(server.placesTaken()),
  });
  return {
    port: server.port,
    requests: () => bmc.counters.commands,
    logins: () => bmc.counters.logins,
    refusedLogins: () => bmc.counters.wrongPasswords,
    locked: () => lockedOf(bmc.users.values()),
  };
};

const startRedfish = async (identity: KeyPairPem): Promise<StartedBmc> => {
  const note = makeSessionCounter();
  const bmc = await startRedfishBmc({
    machine: makeSwitchMachine(),
    clock: systemClock,
    identity,
    host: HOST,
    port: 0,
    accounts: [{ userName: username, password }],
    mediaDirectory: tmpdir(),
    onRequest: () => note(bmc.sessionCount()),
  });
  bmc.faults.set('lockout', LOCKOUT_THRESHOLD);
  bmc.faults.set('lockout-seconds', LOCKOUT_SECONDS);
  return {
    port: bmc.port,
    requests: () => bmc.counters.requests,
    logins: () => bmc.counters.logins,
    refusedLogins: () => bmc.counters.wrongPasswords,
    locked: () => lockedOf(bmc.accounts),
  };
};

// One key and certificate for all of them: they have one address.
const authority = kind === 'redfish' ? await makeLabAuthority(systemClock) : undefined;
const identity = await authority?.issue('bench', HOST);
const bmcs = await Promise.all(
  Array.from({ length: Number(count) }, () =>
    identity === undefined ? startIpmi() : startRedfish(identity),
  ),
);

const sumOf = (what: Exclude<keyof StartedBmc, 'port'>): number =>
  bmcs.reduce((sum, bmc) => sum + bmc[what](), 0);

process.on('message', () => {
  const counts: BmcCounts = {
    mostSessions,
    mostSessionsAtOne,
    requests: sumOf('requests'),
    logins: sumOf('logins'),
    refusedLogins: sumOf('refusedLogins'),
    lockedAccounts: sumOf('locked'),
    cpuMs: Object.values(process.cpuUsage()).reduce((sum, each) => sum + each, 0) / 1_000,
  };
  mostSessions = sessionsNow;
  mostSessionsAtOne = 0;
  process.send?.(counts);
});
process.on('SIGTERM', () => process.exit(0));
process.on('disconnect', () => process.exit(0));
const ports = bmcs.map(({ port }) => port);
process.stdout.write(`${JSON.stringify({ ports, authority: authority?.certificate ?? null })}\n`);
