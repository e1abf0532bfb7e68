// The logins that are known of a BMC, in the order in which they are tried: the account in use, then the other one; of
// each what was proved last and what the BMC was told since, whichever is the likelier, then what a BMC may have cut off.
// The account that a person gave comes next; first, where nothing else is in use yet. Last what the secret store has and
// no row names: a database that was restored from a copy is older than what its BMCs were told.

import { Failure } from '@bessemer/protocol/errors/failure';

import {
  type BmcCredentialRecord,
  type BmcSlotName,
  otherSlot,
  type SecretRef,
} from '#store/bmc-credentials';
import type { RotationLogin } from '#store/bmc-rotations';
import { CUTS_BYTES, cutPassword } from '#trust/bmc-credential/cut-password';
import type { Credential } from '#trust/secret-store/secret-store';

import { findGivenLogin } from './given-login.ts';
import { listStored, readSecret, requireSecret } from './kept-secrets.ts';
import type { RotationRun } from './rotation-run.ts';

export type KnownLogin =
  | { readonly kind: 'given'; readonly name: string }
  | {
      readonly kind: 'slot';
      readonly name: string;
      readonly slot: BmcSlotName;
      readonly ref: SecretRef;
      readonly cutBytes: number | undefined;
    };

const GIVEN: KnownLogin = { kind: 'given', name: 'given' };

const loginsOf = (record: BmcCredentialRecord, slot: BmcSlotName): readonly KnownLogin[] => {
  const { ref, possible, state } = record.slots[slot];
  const proved = ref === null ? [] : [ref];
  // Where an old password worked after the BMC was told a new one, it only may have taken its time.
  const isOldLikely = state === 'active' || state === 'standby';
  const whole = isOldLikely ? [...proved, ...possible] : [...possible, ...proved];
  const login = (each: SecretRef, cutBytes?: number): KnownLogin => ({
    kind: 'slot',
    name: `${slot}#${each}${cutBytes === undefined ? '' : `/${cutBytes}`}`,
    slot,
    ref: each,
    cutBytes,
  });
  return [
    ...whole.map((each) => login(each)),
    ...possible.flatMap((each) => CUTS_BYTES.map((bytes) => login(each, bytes))),
  ];
};

export const knownLogins = ({ credential, rotation }: RotationRun): readonly KnownLogin[] => {
  const active = credential.activeSlot ?? 'a';
  // What is asked to be changed is not what is logged in with, if that can be helped.
  const first = rotation.work.askedSlot === active ? otherSlot(active) : active;
  const ours = [...loginsOf(credential, first), ...loginsOf(credential, otherSlot(first))];
  return credential.activeSlot === null ? [GIVEN, ...ours] : [...ours, GIVEN];
};

/** Each is a try at an account that may be locked for it; the newest is the likeliest by far. */
const UNNAMED_MAX = 2;

/** Of each slot the newest passwords that `known` does not have. */
export const unnamedLogins = async (
  run: RotationRun,
  known: readonly KnownLogin[],
): Promise<readonly KnownLogin[]> => {
  const names = new Set(known.map(({ name }) => name));
  const logins: KnownLogin[] = [];
  for (const slot of ['a', 'b'] as const) {
    for (const ref of await listStored(run, slot, UNNAMED_MAX)) {
      const name = `${slot}#${ref}`;
      if (!names.has(name)) logins.push({ kind: 'slot', name, slot, ref, cutBytes: undefined });
    }
  }
  return logins;
};

/** Undefined: there is no such login. */
export const readLogin = async (
  run: RotationRun,
  login: KnownLogin,
): Promise<Credential | undefined> => {
  if (login.kind === 'given') return findGivenLogin(run);
  const whole = await readSecret(run, login.slot, login.ref);
  return whole === undefined || login.cutBytes === undefined
    ? whole
    : cutPassword(whole, login.cutBytes);
};

/** What a login that was found logs in with. */
export const loginCredential = async (
  run: RotationRun,
  login: Exclude<RotationLogin, { by: 'inband' }>,
): Promise<Credential> => {
  if (login.by === 'slot') {
    const { ref } = run.credential.slots[login.slot];
    if (ref === null) throw new Error(`slot ${login.slot} has no password`);
    return requireSecret(run, login.slot, ref);
  }
  const given = await findGivenLogin(run);
  if (given !== undefined) return given;
  throw new Failure('bmc.login-lost', 'The login that the node was given is gone.');
};
