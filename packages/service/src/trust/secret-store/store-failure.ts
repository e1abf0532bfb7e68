// What goes wrong with a secret store, told apart by code.

import type { FailureCode } from '@bessemer/protocol/errors/codes';
import { Failure } from '@bessemer/protocol/errors/failure';

import type { SecretPlace, SecretStoreHealth } from './secret-store.ts';

export type StoreFailureCode = Extract<FailureCode, `secret-store.${string}`>;
export type StoreTrouble = StoreFailureCode extends `secret-store.${infer Trouble}`
  ? Trouble
  : never;

/** The same call may succeed a little later without anybody doing anything. */
const RETRYABLE: readonly StoreTrouble[] = ['away', 'sealed'];

export const storeFailure = (trouble: StoreTrouble, text: string, cause?: unknown): Failure =>
  new Failure(`secret-store.${trouble}`, text, {
    isRetryable: RETRYABLE.includes(trouble),
    ...(cause === undefined ? {} : { cause }),
  });

export const troubleOf = (error: unknown): StoreTrouble | undefined =>
  error instanceof Failure && error.code.startsWith('secret-store.')
    ? (error.code.slice('secret-store.'.length) as StoreTrouble)
    : undefined;

/** Whether a write that failed so may have been done nevertheless. */
export const isDoubtful = (error: unknown): boolean => {
  const trouble = troubleOf(error);
  return trouble === 'away' || trouble === 'protocol';
};

/** `which`: the number of a version, or the id of a write. */
export const goneFailure = (
  { nodeUuid, slot }: SecretPlace,
  which: number | string | undefined,
): Failure => {
  const place = `slot ${slot} of node ${nodeUuid}`;
  if (which === undefined) return storeFailure('gone', `There is no secret of ${place}.`);
  const what = typeof which === 'number' ? `Version ${which}` : `Secret ${which}`;
  return storeFailure('gone', `${what} of ${place} is not in the secret store.`);
};

export const conflictFailure = ({ nodeUuid, slot }: SecretPlace): Failure =>
  storeFailure(
    'conflict',
    `Slot ${slot} of node ${nodeUuid} was written by somebody else meanwhile; nothing was stored.`,
  );

/** What an attempt to use the store says about it. */
export const healthAfter = async (attempt: () => Promise<unknown>): Promise<SecretStoreHealth> => {
  try {
    await attempt();
    return { state: 'ready' };
  } catch (error) {
    const trouble = troubleOf(error);
    if (trouble === undefined) throw error;
    const state = trouble === 'sealed' || trouble === 'unauthorised' ? trouble : 'away';
    return { state, failure: error as Failure };
  }
};
