// The command line: words, help, exit codes. `serve`, `config`, `lab` and `ramdisk` are programs of their own, which
// the entry of the checkout starts; they are listed here so that the help is whole.

import { readFileSync } from 'node:fs';

import { Command, CommanderError, Option } from 'commander';

import { FORMATS, type Format } from '#output/format';
import { makeScreen } from '#output/screen';

import { addBmcCommands } from './bmc/bmc-commands.ts';
import { CliFailure, EXIT_CODES } from './cli-failure.ts';
import { systemClock } from './clock.ts';
import { findCloud } from './clouds-file.ts';
import { runDemo } from './demo/demo.ts';
import { readSshKey } from './node/config-drive.ts';
import { deploy } from './node/deploy.ts';
import { enrol, readLabMachines } from './node/enrol.ts';
import { erasures } from './node/erasures.ts';
import { listNodes } from './node/list.ts';
import { watch } from './node/watch.ts';
import { why } from './node/why.ts';
import { openSession, type Session } from './session.ts';

const OTHER_PROGRAMS = `
Programs with their own --help:
  serve               the service: REST API and conductor in one process
  config              check and explain the service's configuration
  lab                 machines that do not exist, behind BMCs that answer like real ones
  drill               attacks on a service of its own, and whether it held
  ramdisk             build the deploy ramdisk
  audit               verify and list the log of events about trust in agents
  discovery           make what machines boot that nobody knows yet
  kek                 rotate the keys that tokens and passwords are sealed with
  secret              where passwords of BMCs lie, and the way to another store
  user                who may log in, and as what
  policy              check access rules, and explain who may do what
  trust               report how far agents are trusted, and what lowers it

Which service: clouds.yaml, as the openstack client finds it (OS_CLIENT_CONFIG_FILE, ./clouds.yaml,
~/.config/openstack/clouds.yaml); the cloud named OS_CLOUD, else "bessemer".

Exit codes: 0 done; 1 refused, or the machine's workflow failed; 2 wrong words or files; 3 the service cannot be
reached or does not know the user; 130 interrupted.`;

const interrupt = new AbortController();
const screen = makeScreen(process.stdout, () => systemClock.monotonicMs());
const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const program = new Command('bessemer')
  .description('Takes physical machines from the rack to a running operating system and back.')
  .option('--os-cloud <name>', 'which cloud of clouds.yaml')
  .addHelpText('after', OTHER_PROGRAMS)
  .showHelpAfterError('(--help shows how)')
  .exitOverride();

const withSession = async <T>(work: (session: Session) => Promise<T>): Promise<T> => {
  const { osCloud } = program.opts<{ osCloud?: string }>();
  const session = openSession(findCloud(process.env, process.cwd(), osCloud));
  try {
    return await work(session);
  } finally {
    await session.close();
  }
};

const formatOption = (): Option =>
  new Option('-f, --format <format>', 'how to print').choices(FORMATS).default('table');

const watchNode = async (session: Session, node: string, isFollowing: boolean): Promise<void> => {
  process.exitCode = await watch(session, node, screen, {
    isFollowing,
    clock: systemClock,
    signal: interrupt.signal,
  });
};

program
  .command('watch <node>')
  .description('live timeline of what happens to a node; exit code 0: it went well, 1: it failed')
  .option('--follow', 'go on when the workflow has ended')
  .action(async (node: string, options: { follow?: boolean }) =>
    withSession((session) => watchNode(session, node, options.follow === true)),
  );

program
  .command('why <node>')
  .description('what a node waits for, since when, until when, on whom, and what to do')
  .addOption(formatOption())
  .action(async (node: string, options: { format: Format }) =>
    withSession(async (session) =>
      print(await why(session, node, { format: options.format, clock: systemClock })),
    ),
  );

type DeployOptions = {
  readonly image: string;
  readonly checksum: string;
  readonly imageFormat?: string;
  readonly configDrive?: string;
  readonly hostname?: string;
  readonly sshKey?: string;
  readonly watch?: boolean;
};

program
  .command('deploy <node>')
  .description('write an image to a node, with a config drive, and start it')
  .requiredOption('--image <url>', 'http, https or file URL of a whole-disk image')
  .requiredOption('--checksum <sum>', 'sha256:HEX, sha512:HEX, or the URL of a file of checksums')
  .option('--image-format <format>', 'raw or qcow2 (default: by the ending of the URL)')
  .option('--config-drive <path>', 'directory (meta_data.json, user_data, ...) or ISO file')
  .option('--hostname <name>', 'put into the config drive')
  .option('--ssh-key <file>', 'OpenSSH public key, put into the config drive')
  .option('--watch', 'go on as `watch` does')
  .action(async (node: string, options: DeployOptions) =>
    withSession(async (session) => {
      await deploy(
        session,
        node,
        { url: options.image, checksum: options.checksum, format: options.imageFormat },
        {
          path: options.configDrive,
          hostname: options.hostname,
          sshKey: options.sshKey === undefined ? undefined : readSshKey(options.sshKey),
        },
      );
      if (options.watch === true) await watchNode(session, node, false);
      else print(`${node} is being deployed; \`./bessemer watch ${node}\` shows how far it is`);
    }),
  );

program
  .command('enrol')
  .description('make a node and its ports for each machine of a lab')
  .requiredOption('--lab-json <file>', 'what `./bessemer lab up --json` printed')
  .option('--driver <name>', 'hardware type', 'redfish')
  .action(async (options: { labJson: string; driver: string }) =>
    withSession(async (session) => {
      const machines = readLabMachines(options.labJson, readUserFile(options.labJson));
      for (const machine of machines) {
        const { name, uuid } = await enrol(session, machine, options);
        print(`${uuid} ${name}`);
      }
    }),
  );

program
  .command('erasures <node>')
  .description('what was done to each disk, and what reading it back showed')
  .addOption(formatOption())
  .action(async (node: string, options: { format: Format }) =>
    withSession(async (session) => print(await erasures(session, node, options.format))),
  );

program
  .command('node')
  .description('the nodes')
  .command('list')
  .description('all nodes with their states')
  .addOption(formatOption())
  .action(async (options: { format: Format }) =>
    withSession(async (session) => print(await listNodes(session, options.format))),
  );

addBmcCommands(program, {
  withSession,
  formatOption,
  print,
  note: (text) => process.stderr.write(`${text}\n`),
  isTerminal: process.stdout.isTTY,
  clock: systemClock,
  signal: interrupt.signal,
});

program
  .command('demo')
  .description('the whole life of a machine, with proof at the end')
  .option('--quick', 'on a simulated machine, without an emulator')
  .option('--keep', 'leave the service and the lab running, and all files')
  .action(async (options: { quick?: boolean; keep?: boolean }) => {
    process.exitCode = await runDemo({
      isQuick: options.quick === true,
      isKept: options.keep === true,
      clock: systemClock,
      screen,
      signal: interrupt.signal,
    });
  });

const readUserFile = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CliFailure('usage', `cannot read ${path}`, { cause: error });
  }
};

const onSignal = (): void => {
  // The second one ends at once: the first may hang in a clean-up.
  if (interrupt.signal.aborted) process.exit(EXIT_CODES.interrupted);
  interrupt.abort();
};
process.on('SIGINT', onSignal);
process.on('SIGTERM', onSignal);
// `| head` ends the pipe before we end.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT_CODES.ok);
});

try {
  await program.parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.usage;
  } else if (error instanceof CliFailure) {
    process.stderr.write(`bessemer: ${error.message}\n`);
    process.exitCode = error.exitCode;
  } else if (interrupt.signal.aborted) {
    process.exitCode = EXIT_CODES.interrupted;
  } else throw error;
}
