// `bmc open FILE --identity KEYFILE`: shows the login of a break-glass file to a person. The service is told before
// anything is shown, so that it can change the password; on the day on which there is no service, that is said loudly.

import type { BreakGlassContent } from '@bessemer/protocol/bmc/break-glass-content';

import { renderFacts } from '#output/format';

import { CliFailure } from '../cli-failure.ts';
import type { Session } from '../session.ts';
import { valueAt } from './passthru.ts';
import { openSealedFile } from './sealed-file.ts';

export type OpenOptions = {
  readonly identity: string;
  readonly reason?: string | undefined;
  /** Print to what is not a terminal, too. */
  readonly force?: boolean | undefined;
  readonly isTerminal: boolean;
};

export type Opened = {
  readonly text: string;
  /** For standard error. */
  readonly notes: readonly string[];
};

/** The password goes to eyes, not into files, pipes and logs. */
export const refuseUnlessTerminal = ({ isTerminal, force }: OpenOptions): void => {
  if (isTerminal || force === true) return;
  throw new CliFailure(
    'usage',
    'the output is no terminal, and a password would stay where it goes; --force does it all the same',
  );
};

export const bmcOpen = async (
  withSession: <T>(work: (session: Session) => Promise<T>) => Promise<T>,
  path: string,
  options: OpenOptions,
): Promise<Opened> => {
  refuseUnlessTerminal(options);
  const content = await openSealedFile(path, options.identity);
  const note = await tell(withSession, content, options.reason);
  return { text: render(content), notes: note };
};

const render = (content: BreakGlassContent): string =>
  renderFacts(
    {
      pairs: [
        ['node', content.node.name ?? content.node.uuid],
        ['uuid', content.node.uuid],
        ...Object.entries(content.addresses),
        ['user', content.username],
        ['password', content.password],
        ['sealed', content.sealedAt],
      ],
      data: content,
    },
    'table',
  );

const tell = async (
  withSession: <T>(work: (session: Session) => Promise<T>) => Promise<T>,
  { node, writeId }: BreakGlassContent,
  reason: string | undefined,
): Promise<readonly string[]> => {
  try {
    const answer = await withSession((session) =>
      session.call('POST', `/bessemer/nodes/${node.uuid}/bmc-opened`, {
        write_id: writeId,
        ...(reason === undefined ? {} : { reason }),
      }),
    );
    const rotates = valueAt(answer, 'rotates_at');
    return [
      rotates === null
        ? 'The service was told. This password is not in use any more; a newer file has the one that is.'
        : `The service was told. It changes this password at ${rotates}; \`./bessemer bmc thaw ${node.name ?? node.uuid}\` does it now.`,
    ];
  } catch (error) {
    if (!(error instanceof CliFailure)) throw error;
    return [
      '!!! THE SERVICE WAS NOT TOLD THAT THIS PASSWORD WAS SEEN !!!',
      `!!! ${error.message}`,
      '!!! Nothing changes the password by itself. As soon as the service is back:',
      `!!!   ./bessemer bmc rotate ${node.name ?? node.uuid} --wait`,
    ];
  }
};
