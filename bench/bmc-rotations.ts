// Credentials of many BMCs at once, as after an incident: every password of every BMC is changed, by the whole
// conductor, over IPMI and over Redfish. A rotation sets and proves two accounts, and asks whether the old password is
// dead. The BMCs count sessions, and lock accounts after three wrong passwords.

import { atOnce } from './at-once.ts';
import { setIpmiPassword, setRedfishPassword } from './bare-passwords.ts';
import { type Bmcs, startBmcs } from './bmcs.ts';
import { type Bench, type BenchSize, type Measurement, medianOf } from './measurement.ts';
import {
  openRotatingConductor,
  type Rotated,
  type RotatingConductor,
  WORKERS_MAX,
} from './rotating-conductor.ts';

type Kind = 'IPMI' | 'Redfish';

const LOGIN = { username: 'admin', password: 'bench-password' };
/** A thousand machines within ten minutes of an incident, on two cores that the BMCs share. */
const GOAL_PER_MINUTE = 100;
const REQUESTS_AT_ONCE = 16;
const LOOK_MS = 500;
/** What is not over by then is counted, and said. */
const WINDOW_FACTOR = 40;
const WRITE_MS_MAX = 100;
/** A thousand within two minutes of one core. */
const CPU_MS_MAX = 120;
/** Each BMC is asked one thing after another, by one rotation. */
const SESSIONS_AT_ONE_MAX = 1;
/** Of small sizes: a rotation takes as long as many of what other benches count. */
const QUICK_SHARE = 0.2;

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, LOOK_MS));

const sumOf = ({ user, system }: NodeJS.CpuUsage): number => user + system;

const driverInfoOf = (kind: Kind, port: number, { authority }: Bmcs) =>
  kind === 'IPMI'
    ? {
        ipmi_address: '127.0.0.1',
        ipmi_port: port,
        ipmi_username: LOGIN.username,
        ipmi_password: LOGIN.password,
      }
    : {
        redfish_address: `https://127.0.0.1:${port}`,
        redfish_verify_ca: authority,
        redfish_username: LOGIN.username,
        redfish_password: LOGIN.password,
      };

const rotateAll = async (
  conductor: RotatingConductor,
  bmcs: Bmcs,
  kind: Kind,
  windowMs: number,
): Promise<{ readonly rotated: Rotated; readonly perMinute: number; readonly cpuMs: number }> => {
  const driver = kind === 'IPMI' ? 'ipmi' : 'redfish';
  const uuids = await Promise.all(
    bmcs.ports.map((port) => conductor.addNode(driver, driverInfoOf(kind, port, bmcs))),
  );
  conductor.takeWriteMs();
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  await atOnce(uuids, REQUESTS_AT_ONCE, conductor.rotate);
  let rotated = await conductor.look(uuids.length);
  while (rotated.done < uuids.length && performance.now() - startedMs < windowMs) {
    await pause();
    rotated = await conductor.look(uuids.length);
  }
  return {
    rotated,
    perMinute: (rotated.done * 60_000) / (performance.now() - startedMs),
    cpuMs: sumOf(process.cpuUsage(cpu)) / 1_000 / rotated.done,
  };
};

const bareRate = async (kind: Kind, { ports, authority }: Bmcs): Promise<number> => {
  const startedMs = performance.now();
  await atOnce(ports, WORKERS_MAX, (port) =>
    kind === 'IPMI'
      ? setIpmiPassword(port, LOGIN)
      : setRedfishPassword(port, LOGIN, authority ?? ''),
  );
  return (ports.length * 60_000) / (performance.now() - startedMs);
};

const reasonsOf = ({ others }: Rotated): string =>
  [...others].map(([why, count]) => ` (${count}: ${why})`).join('');

const atMost = (what: string, measured: number, unit: string, max: number): Measurement => ({
  what,
  measured,
  unit,
  limit: null,
  goal: `<= ${max}`,
  isMet: measured <= max,
});

const measureKind = async (kind: Kind, count: number, windowMs: number) => {
  const bmcs = await startBmcs(kind === 'IPMI' ? 'ipmi' : 'redfish', count, LOGIN);
  const conductor = await openRotatingConductor();
  try {
    const limit = await bareRate(kind, bmcs);
    const before = await bmcs.counts();
    const { rotated, perMinute, cpuMs } = await rotateAll(conductor, bmcs, kind, windowMs);
    const counted = await bmcs.counts();
    const writeMs = conductor.takeWriteMs();
    const left = count - rotated.done;
    const bmcCpuMs = (counted.cpuMs - before.cpuMs) / rotated.done;
    return [
      {
        what: `rotations of ${count} BMCs, ${kind}`,
        measured: perMinute,
        unit: '/min',
        limit: { value: limit, what: `bare changes with a login, ${WORKERS_MAX} at once` },
        goal: `>= ${GOAL_PER_MINUTE}/min, two accounts each`,
        isMet: perMinute >= GOAL_PER_MINUTE,
      },
      atMost(`not over${reasonsOf(rotated)}`, left, 'BMCs', 0),
      atMost('processor for each, without the BMC', cpuMs, 'ms', CPU_MS_MAX),
      atMost('processor for each, its BMC', bmcCpuMs, 'ms', CPU_MS_MAX),
      atMost('accounts locked', counted.lockedAccounts, '', 0),
      atMost('logins held back', rotated.held, 'BMCs', 0),
      atMost('sessions at one BMC at most', counted.mostSessionsAtOne, '', SESSIONS_AT_ONE_MAX),
      atMost('sessions in all at most', counted.mostSessions, '', WORKERS_MAX),
      atMost(
        `median of ${writeMs.length} writes of the store`,
        medianOf(writeMs),
        'ms',
        WRITE_MS_MAX,
      ),
    ];
  } finally {
    await conductor.close();
    await bmcs.stop();
  }
};

const measure = async (size: BenchSize): Promise<readonly Measurement[]> => {
  const count = size.isQuick ? Math.ceil(size.nodes * QUICK_SHARE) : size.nodes;
  const windowMs = size.seconds * WINDOW_FACTOR * 1_000;
  return [
    ...(await measureKind('IPMI', count, windowMs)),
    ...(await measureKind('Redfish', count, windowMs)),
  ];
};

export const bmcRotations: Bench = { name: 'bmc-rotations', run: measure };
