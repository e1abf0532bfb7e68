// Credentials to set, and what becomes of setting them.

import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';

import { Secret } from '#trust/secret';
import type { Credential } from '#trust/secret-store/secret-store';

import type { FailureCode } from '@bessemer/protocol/errors/codes';
import { Failure } from '@bessemer/protocol/errors/failure';

export const credential = (username: string, password: string): Credential => ({
  username,
  password: new Secret(password),
});

export const codeOf = async (work: Promise<unknown>): Promise<FailureCode | 'no failure'> => {
  const outcome: unknown = await work.then(
    () => 'no failure',
    (error: unknown) => error,
  );
  if (outcome === 'no failure') return outcome;
  assert.ok(outcome instanceof Failure, String(outcome));
  return outcome.code;
};

const TURNS_MAX = 1_000;

/** What was sent last is heard some turns of the event loop later. */
export const untilTrue = async (isTrue: () => boolean): Promise<void> => {
  for (let turns = 0; turns < TURNS_MAX && !isTrue(); turns += 1) await setImmediate();
};

export const FIRST = credential('bsmr-a', 'Abcd-2345-Efgh-6');
export const SECOND = credential('bsmr-a', 'Zyxw-9876-Vuts-5');
