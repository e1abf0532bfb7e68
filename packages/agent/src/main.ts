// The agent as a process. Reads what it was told at boot, removes the files that hold secrets, and starts.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '#clock';
import type { Hardware } from '#hardware/hardware';
import { makeAgentLog, type AgentLog } from './agent-log.ts';
import { detachBootMedium } from './boot-medium.ts';
import { type AgentConfiguration, readConfiguration } from './configuration.ts';
import { DiskWritePermit } from './may-write-disks.ts';
import { startAgent } from './start-agent.ts';

const USAGE = `bessemer agent: prepares, erases and describes the machine that it runs on

  --root DIR         where etc/ironic-python-agent.d and proc/cmdline are read (default /)
  --simulated DIR    the machine is DIR/machine.json, its disks are files; root is DIR/root
  --help
`;

const log = makeAgentLog(systemClock, (line) => {
  process.stdout.write(`${line}\n`);
});

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      root: { type: 'string' },
      simulated: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const root =
    values.root ?? (values.simulated === undefined ? '/' : join(values.simulated, 'root'));
  const configuration = await readConfiguration(root);
  const started =
    values.simulated === undefined
      ? await onRealMachine(configuration)
      : await onSimulatedMachine(configuration, values.simulated);
  // Only where the files are this boot's own: nobody's laptop loses its configuration.
  if (started.permit !== null) {
    for (const path of configuration.sources) await rm(path, { force: true });
  }
  if (values.simulated === undefined) {
    await detachBootMedium({ root: '/', clock: systemClock, log });
  }
  const agent = await startAgent({ ...started, clock: systemClock, log });
  if (agent.callbackUrl === null) await forEver();
};

type Machine = {
  readonly configuration: AgentConfiguration;
  readonly hardware: Hardware;
  readonly permit: DiskWritePermit | null;
};

const onRealMachine = async (configuration: AgentConfiguration): Promise<Machine> => {
  const { makeGenericHardware } = await import('#hardware/generic-hardware');
  const permit = await DiskWritePermit.forRamdisk();
  if (permit === null) log.say('not in its own ramdisk: it will write to no disk');
  return {
    configuration,
    hardware: makeGenericHardware({
      bootMac: configuration.bootMac,
      exit: (status) => process.exit(status),
      log,
    }),
    permit,
  };
};

const onSimulatedMachine = async (
  configuration: AgentConfiguration,
  directory: string,
): Promise<Machine> => {
  const { readSimulatedMachine } = await import('#hardware/simulated-machine');
  const { makeSimulatedHardware } = await import('#hardware/simulated-hardware');
  const machine = await readSimulatedMachine(join(directory, 'machine.json'));
  const exit = (status: number): void => process.exit(status);
  // The power button, pressed shortly.
  process.once('SIGTERM', () => exit(0));
  return {
    configuration: {
      ...configuration,
      listenHost: machine.listen.host,
      listenPort: machine.listen.port,
      sourceAddress: machine.listen.host,
    },
    hardware: makeSimulatedHardware({
      machine,
      clock: systemClock,
      exit,
      say: (text) => log.say(text),
    }),
    permit: DiskWritePermit.forSimulatedDisks(),
  };
};

/** A machine that locked itself down must not end: its supervisor would start it again. */
const forEver = async (): Promise<never> => {
  for (;;) await systemClock.sleep(3_600_000);
};

const fail = (reportTo: AgentLog, error: unknown): void => {
  reportTo.say(`ends: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
};

process.on('uncaughtException', (error) => {
  fail(log, error);
  process.exit(1);
});

main().catch((error: unknown) => {
  fail(log, error);
  process.exit(1);
});
