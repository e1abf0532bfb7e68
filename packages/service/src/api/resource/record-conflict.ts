// Why a record could not be written: another one has its name or UUID, or somebody else was faster.

import { Conflict, isConflictOn } from '#store/errors';

import { Refusal } from '@bessemer/protocol/errors/refusal';

/** Throws Refusal(409) for a conflict, and anything else as it is. */
export const refuseTaken = (
  error: unknown,
  noun: string,
  record: { readonly uuid: string; readonly name?: string },
): never => {
  if (!(error instanceof Conflict)) throw error;
  const what =
    record.name !== undefined && isConflictOn(error, 'name')
      ? `name ${record.name}`
      : `UUID ${record.uuid}`;
  throw new Refusal(409, `A ${noun} with ${what} already exists.`);
};

export const changedMeanwhile = (noun: string, uuid: string): Refusal =>
  new Refusal(
    409,
    `The ${noun} ${uuid} was changed by another request meanwhile; read it again and retry.`,
  );
