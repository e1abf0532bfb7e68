import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isPasswordSet } from '#drivers/after-password';
import { Secret } from '#trust/secret';

import { Failure } from '@bessemer/protocol/errors/failure';

import { IpmiFailure } from '../failures.ts';
import type { IpmiSession } from '../session.ts';
import { setUser } from './set-user.ts';

const WISH = {
  id: null,
  credential: { username: 'bsmr-a', password: new Secret('Abcdefgh23456789') },
};

/** A BMC with two users, the second of which is free, that refuses the commands of these names. */
const sessionRefusing = (...refused: readonly string[]): IpmiSession => {
  const answers: { readonly [command: string]: unknown } = {
    'Get Channel Info': { number: 1, isLan: true },
    'Get User Access': { userCountMax: 2, fixedNameCount: 0, isEnabled: false },
    'Get User Name': '',
  };
  return {
    run: async ({ name }: { readonly name: string }) => {
      if (refused.includes(name)) throw new IpmiFailure('command-refused', name);
      return answers[name];
    },
  } as unknown as IpmiSession;
};

for (const [command, isSet] of [
  ['Set User Name', false],
  ['Set User Password', false],
  ['Set User Access', true],
] as const) {
  const what = isSet ? 'may have' : 'does not have';
  test(`an account ${what} the password when ${command} is refused`, async () => {
    const failure: unknown = await setUser(sessionRefusing(command), WISH, { isOwn: false }).then(
      () => undefined,
      (error: unknown) => error,
    );

    assert.ok(failure instanceof Failure);
    assert.equal(isPasswordSet(failure), isSet);
  });
}
