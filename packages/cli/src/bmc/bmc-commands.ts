// The words of `bessemer bmc`.

import type { Command, Option } from 'commander';

import type { Format } from '#output/format';

import type { Clock } from '../clock.ts';
import type { Session } from '../session.ts';
import { EXIT_CODES } from '../cli-failure.ts';
import { bmcAdopt, bmcFreeze, bmcRepair, bmcThaw } from './ask-method.ts';
import { bmcAudit } from './audit.ts';
import type { NodeChoice, Outcomes } from './chosen-nodes.ts';
import { bmcExport, type ExportOptions } from './export.ts';
import { bmcOpen } from './open.ts';
import { bmcRotate } from './rotate.ts';
import { bmcStatus } from './status.ts';

export type BmcCommandParts = {
  readonly withSession: <T>(work: (session: Session) => Promise<T>) => Promise<T>;
  readonly formatOption: () => Option;
  readonly print: (text: string) => void;
  /** To standard error: what is not to be in a pipe. */
  readonly note: (text: string) => void;
  readonly isTerminal: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

type Formatted = { readonly format: Format };
type Choice = Omit<NodeChoice, 'node'>;

export const addBmcCommands = (program: Command, parts: BmcCommandParts): void => {
  const { withSession, formatOption, print, note, clock, signal } = parts;
  const bmc = program
    .command('bmc')
    .description('the passwords of BMCs, which no person needs to know');

  const show = ({ text, isGood }: Outcomes): void => {
    print(text);
    if (!isGood) process.exitCode = EXIT_CODES.failed;
  };
  const many = (name: string): Command =>
    bmc
      .command(name)
      .option('--all', 'all nodes')
      .option('--group <group>', 'all nodes of a conductor group')
      .addOption(formatOption());

  many('status [node]')
    .description(
      'accounts, their states, the next rotation and the last result; of all nodes without a name',
    )
    .action((node: string | undefined, { format, ...choice }: Formatted & Choice) =>
      withSession(async (session) => show(await bmcStatus(session, { node, ...choice }, format))),
    );

  many('rotate [node]')
    .description('give BMCs new passwords')
    .option('--path <path>', 'oob (over the network), inband (from inside of the machine) or auto')
    .option('--slot <slot>', 'which of the two accounts gets it: a or b')
    .option('--force', 'though a node is in maintenance')
    .option('--wait', 'until it is over; exit code 1 when one failed')
    .action(
      (
        node: string | undefined,
        options: Formatted &
          Choice & { path?: string; slot?: string; force?: boolean; wait?: boolean },
      ) =>
        withSession(async (session) =>
          show(await bmcRotate(session, { node, ...options, clock, signal })),
        ),
    );

  many('audit [node]')
    .description('what is wrong with accounts and settings of BMCs; exit code 1 when anything is')
    .option('--fix', 'mend what can be mended without risk to the way in')
    .action(
      (node: string | undefined, { format, ...choice }: Formatted & Choice & { fix?: boolean }) =>
        withSession(async (session) => show(await bmcAudit(session, { node, ...choice }, format))),
    );

  bmc
    .command('freeze <node>')
    .description('leave the accounts of a BMC as they are, until they are thawed')
    .requiredOption('--reason <text>', 'why; the audit log has it')
    .action((node: string, { reason }: { reason: string }) =>
      withSession(async (session) => print(await bmcFreeze(session, node, reason))),
    );

  bmc
    .command('thaw <node>')
    .description('end a freeze; who saw the password does not know the next one')
    .action((node: string) => withSession(async (session) => print(await bmcThaw(session, node))));

  bmc
    .command('repair <node>')
    .description('look for a login that works, and go on from there')
    .action((node: string) =>
      withSession(async (session) => print(await bmcRepair(session, node))),
    );

  bmc
    .command('adopt <node>')
    .description('make accounts of the service beside the one that the node was given')
    .option('--disable-given', 'disable that one when the others work')
    .action((node: string, { disableGiven }: { disableGiven?: boolean }) =>
      withSession(async (session) => print(await bmcAdopt(session, node, disableGiven === true))),
    );

  bmc
    .command('export <node>')
    .description(
      'the login at a BMC, sealed to a public key of age; the password is changed some hours later',
    )
    .option('--reason <text>', 'why; the audit log has it')
    .option('--recipient <key>', 'public key of age (age1...) of who is to open it')
    .option('--approve <id>', 'approve what another person asked for')
    .option('--out <file>', 'write the sealed file there (default: standard output)')
    .action((node: string, options: ExportOptions) =>
      withSession(async (session) => {
        const exported = await bmcExport(session, node, options);
        if (exported.file !== undefined) print(exported.file.trimEnd());
        note(exported.note);
      }),
    );

  bmc
    .command('open <file>')
    .description('show the login of a sealed file, once the service was told')
    .requiredOption('--identity <file>', 'file with the private key of age')
    .option('--reason <text>', 'why; the audit log has it')
    .option('--force', 'show it where the output is no terminal')
    .action(
      async (file: string, options: { identity: string; reason?: string; force?: boolean }) => {
        const opened = await bmcOpen(withSession, file, {
          ...options,
          isTerminal: parts.isTerminal,
        });
        for (const line of opened.notes) note(line);
        print(opened.text);
      },
    );
};
