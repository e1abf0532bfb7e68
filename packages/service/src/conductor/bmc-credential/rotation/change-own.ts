// A login whose password is right, and good for nothing but its own change: a BMC that wants another password than that of
// the factory, or than one that has run out. Where no other login works that account gets the next password by its own
// login, as where there is one account only: from telling the BMC until a fresh login one of two passwords is right, and
// both are in the store. The account that a person gave becomes one of ours by that; nothing else could be made.

import { Failure } from '@bessemer/protocol/errors/failure';

import { type BmcSlotName, emptySlot, otherSlot, type SecretRef } from '#store/bmc-credentials';
import type { Credential } from '#trust/secret-store/secret-store';

import { goOnWith } from './go-on-with.ts';
import { givenRefOf, storeSecret } from './kept-secrets.ts';
import { type KnownLogin, readLogin } from './known-logins.ts';
import { withAssumed } from './learn-limits.ts';
import { restingSlotState, withProved } from './proved-secret.ts';
import { type Go, type RotationRun, withSlot } from './rotation-run.ts';

/** Another login may be good for more. */
export const noteDemanded = (
  run: RotationRun,
  { name }: KnownLogin,
  { username }: Credential,
): Go => ({
  kind: 'go',
  phase: 'begin',
  work: {
    refused: [...run.rotation.work.refused, name],
    demanded: run.rotation.work.demanded ?? name,
  },
  events: [{ name: 'bmc.password.change_demanded', detail: { username } }],
});

/** Of the account that a person gave: the one of its name, else one that is not in use. */
const slotOfGiven = ({ credential, rotation }: RotationRun, username: string): BmcSlotName => {
  const { activeSlot, slots } = credential;
  const named = (['a', 'b'] as const).find((slot) => slots[slot].username === username);
  if (named !== undefined || activeSlot === null) return named ?? 'a';
  return rotation.strategy === 'single' ? activeSlot : otherSlot(activeSlot);
};

/** Of an account that is ours, or that an earlier rotation came as far with. */
const changeSlot = (run: RotationRun, slot: BmcSlotName, ref: SecretRef): Go => ({
  ...goOnWith(run, { by: 'slot', slot }, slot),
  credential: (record) => ({
    limits: withAssumed(record.limits),
    ...withProved(record, slot, ref, {
      state: restingSlotState(record, slot),
      nowMs: run.parts.clock.wallMs(),
    }),
  }),
});

const changeGiven = async (run: RotationRun, given: Credential): Promise<Go> => {
  const { username } = given;
  const slot = slotOfGiven(run, username);
  const slotBefore = run.credential.slots[slot];
  const ref = givenRefOf(run.rotation);
  await storeSecret(run, slot, ref, given);
  const next = changeSlot(run, slot, ref);
  if (slotBefore.username === username) return next;
  return {
    ...next,
    work: { ...next.work, slotBefore },
    credential: (record) => ({
      limits: withAssumed(record.limits),
      ...withSlot(record, slot, {
        ...emptySlot(username),
        ref,
        state: restingSlotState(record, slot),
        verifiedAtMs: run.parts.clock.wallMs(),
      }),
    }),
  };
};

export const changeOwn = async (run: RotationRun, login: KnownLogin): Promise<Go> => {
  if (login.kind === 'slot') return changeSlot(run, login.slot, login.ref);
  const given = await readLogin(run, login);
  if (given !== undefined) return changeGiven(run, given);
  throw new Failure('bmc.login-lost', 'The login that was given is gone.');
};
