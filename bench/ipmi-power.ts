// Power status over IPMI, as power sync asks it: a login, a question and a logout per BMC. The limit is what the
// usual way reaches here and now: a process of ipmitool for each question.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { systemClock } from '../packages/service/src/clock.ts';
import { makeIpmiHardware } from '../packages/service/src/drivers/ipmi/ipmi-hardware.ts';
import { DEFAULT_IPMI_OPTIONS } from '../packages/service/src/drivers/ipmi/options.ts';
import { nodeOf } from '../packages/service/test/drivers/node-of.ts';

import { startBmcs } from './bmcs.ts';
import type { Bench, BenchSize, Measurement } from './measurement.ts';

const run = promisify(execFile);
const USERNAME = 'admin';
const PASSWORD = 'bench-password';
/** At once: what power sync does, too. */
const CLIENTS = 64;
/** Of ipmitool; more of them only wait for a core. */
const TOOLS = 8;
const GOAL_RATIO = 5;
/** A power sync of a thousand machines in a second. */
const GOAL_PER_SECOND = 1_000;

/** What `GOAL_PER_SECOND` comes to: a busy machine slows down the rate, and not this. */
const CPU_MS_MAX = 1_000;

type Rate = {
  readonly perSecond: number;
  readonly failed: number;
  /** Of this process, for a thousand. */
  readonly cpuMs: number;
};

/** So many at once, over all BMCs again and again, until the time is up. */
const rateOf = async (
  ports: readonly number[],
  seconds: number,
  clients: number,
  ask: (port: number) => Promise<boolean>,
): Promise<Rate> => {
  const cpuBefore = process.cpuUsage();
  const startedMs = performance.now();
  const untilMs = startedMs + seconds * 1_000;
  let next = 0;
  let answered = 0;
  let failed = 0;
  const client = async (): Promise<void> => {
    do {
      const port = ports[next % ports.length] ?? 0;
      next += 1;
      if (await ask(port)) answered += 1;
      else failed += 1;
    } while (performance.now() < untilMs);
  };
  await Promise.all(Array.from({ length: Math.min(clients, ports.length) }, client));
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    perSecond: answered / ((performance.now() - startedMs) / 1_000),
    failed,
    cpuMs: (user + system) / answered,
  };
};

const ownRate = async (ports: readonly number[], { seconds }: BenchSize): Promise<Rate> => {
  const hardware = makeIpmiHardware(
    { options: { ...DEFAULT_IPMI_OPTIONS, isLoopbackAllowed: true }, clock: systemClock },
    (node) => node.driverInfo,
  );
  const { power } = hardware.driverOf(hardware.defaults);
  const ask = async (port: number): Promise<boolean> => {
    const node = nodeOf({
      ipmi_address: '127.0.0.1',
      ipmi_port: port,
      ipmi_username: USERNAME,
      ipmi_password: PASSWORD,
    });
    return (await power.fetchState(node)) === 'power off';
  };
  // Code that never ran is slower than it will be in a service that runs for months.
  await rateOf(ports, seconds / 3, CLIENTS, ask);
  const rate = await rateOf(ports, seconds, CLIENTS, ask);
  await hardware.close();
  return rate;
};

const toolRate = (ports: readonly number[], { seconds }: BenchSize): Promise<Rate> =>
  rateOf(ports, seconds, TOOLS, async (port) => {
    const login = ['-I', 'lanplus', '-C', '17', '-H', '127.0.0.1', '-p', String(port)];
    const { stdout } = await run(
      'ipmitool',
      [...login, '-U', USERNAME, '-E', 'chassis', 'power', 'status'],
      { env: { ...process.env, IPMITOOL_PASSWORD: PASSWORD } },
    );
    return stdout.includes('is off');
  });

const measure = async (size: BenchSize): Promise<readonly Measurement[]> => {
  const bmcs = await startBmcs('ipmi', size.nodes, { username: USERNAME, password: PASSWORD });
  try {
    const own = await ownRate(bmcs.ports, size);
    const tool = await toolRate(bmcs.ports, size);
    if (own.failed + tool.failed > 0) throw new Error('a BMC did not say that it is off');
    return [
      {
        what: `IPMI power status of ${size.nodes} BMCs`,
        measured: own.perSecond,
        unit: '/s',
        limit: { value: tool.perSecond, what: `ipmitool, a process each, ${TOOLS} at once` },
        goal: `>= ${GOAL_PER_SECOND}/s, ratio >= ${GOAL_RATIO}`,
        isMet: own.perSecond >= Math.max(GOAL_PER_SECOND, GOAL_RATIO * tool.perSecond),
      },
      {
        what: 'processor for 1,000 of them',
        measured: own.cpuMs,
        unit: 'ms',
        limit: null,
        goal: `at most ${CPU_MS_MAX} ms: so much has one core`,
        isMet: own.cpuMs <= CPU_MS_MAX,
      },
    ];
  } finally {
    await bmcs.stop();
  }
};

export const ipmiPower: Bench = { name: 'ipmi-power', run: measure };
