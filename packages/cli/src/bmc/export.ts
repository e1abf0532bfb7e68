// `bmc export NODE`: the login at the BMC of a node, sealed to a key of yours. What comes out of here is the sealed file;
// `bmc open` or age opens it.

import { writeFileSync } from 'node:fs';

import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';

import { CliFailure } from '../cli-failure.ts';
import type { Session } from '../session.ts';
import { valueAt } from './passthru.ts';

export type ExportOptions = {
  readonly reason?: string | undefined;
  readonly recipient?: string | undefined;
  /** Id of a request of somebody else. */
  readonly approve?: string | undefined;
  /** File; undefined: standard output. */
  readonly out?: string | undefined;
};

export type Exported = {
  /** Sealed, for standard output. */
  readonly file: string | undefined;
  /** For people. */
  readonly note: string;
};

const PRIVATE_MODE = 0o600;

const bodyOf = ({ reason, recipient, approve }: ExportOptions): JsonObject => {
  if (approve !== undefined) {
    if (reason !== undefined || recipient !== undefined) {
      throw new CliFailure('usage', '--approve goes without --reason and --recipient');
    }
    return { approve };
  }
  if (reason === undefined || recipient === undefined) {
    throw new CliFailure('usage', 'an export needs --reason and --recipient, or --approve');
  }
  return { reason, recipient };
};

/** Never over a file that is there: it may be the only copy of a login that is needed. */
const writeNew = (path: string, text: string): void => {
  try {
    writeFileSync(path, text, { mode: PRIVATE_MODE, flag: 'wx' });
  } catch (error) {
    throw new CliFailure(
      'usage',
      `the sealed file cannot be written to ${path} (${(error as Error).message}); it follows:\n${text}`,
      { cause: error },
    );
  }
};

export const bmcExport = async (
  session: Session,
  node: string,
  options: ExportOptions,
): Promise<Exported> => {
  const path = `/bessemer/nodes/${encodeURIComponent(node)}/bmc-export`;
  const answer = await session.call('POST', path, bodyOf(options));
  if (!isJsonObject(answer)) throw new CliFailure('failed', 'the service sent no object');
  const id = valueAt(answer, 'id');
  if (answer['state'] === 'requested') {
    const until = valueAt(answer, 'expires_at');
    return {
      file: undefined,
      note: `asked for; another person approves it with \`./bessemer bmc export ${node} --approve ${id}\` until ${until}`,
    };
  }
  const { file } = answer;
  if (typeof file !== 'string') throw new CliFailure('failed', 'the service sent no file');
  if (options.out !== undefined) writeNew(options.out, file);
  return {
    file: options.out === undefined ? file : undefined,
    note: `${options.out ?? 'sealed'}: the password works until ${valueAt(answer, 'frozen_until')} at most; then it is changed`,
  };
};
