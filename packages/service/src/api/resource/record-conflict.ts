// Why a record could not be written: another one has its name or UUID, or somebody else was faster.

import { Conflict, isConflictOn } from '#store/errors';

import { Refusal } from '@bessemer/protocol/errors/refusal';

const UNIQUE = { address: 'MAC address', name: 'name', uuid: 'UUID' } as const;
type Unique = keyof typeof UNIQUE;

/** Throws Refusal(409) for a conflict, and anything else as it is. */
export const refuseTaken = (
  error: unknown,
  noun: string,
  record: { readonly [column in Unique]?: string | null | undefined },
): never => {
  if (!(error instanceof Conflict)) throw error;
  const columns: readonly Unique[] = ['address', 'name'];
  const column = columns.find((each) => isConflictOn(error, each)) ?? 'uuid';
  const article = /^[aeiou]/.test(noun) ? 'An' : 'A';
  throw new Refusal(
    409,
    `${article} ${noun} with ${UNIQUE[column]} ${record[column]} already exists.`,
  );
};

export const changedMeanwhile = (noun: string, uuid: string): Refusal =>
  new Refusal(
    409,
    `The ${noun} ${uuid} was changed by another request meanwhile; read it again and retry.`,
  );
