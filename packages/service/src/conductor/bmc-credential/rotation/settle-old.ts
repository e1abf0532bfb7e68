// After the work: the old password has to be refused, and the account that a person gave may go.

import { Failure } from '@bessemer/protocol/errors/failure';

import type { BmcLimits } from '#store/bmc-credentials';
import type { Credential } from '#trust/secret-store/secret-store';

import { disableAccount } from './disable-account.ts';
import { endSucceeded, restingState } from './end-rotation.ts';
import { readSecret } from './kept-secrets.ts';
import { loginCredential } from './known-logins.ts';
import { fetchLimits } from './learn-limits.ts';
import { isLetIn, LoginHeld, triesAllowed, tryAs } from './login-tries.ts';
import {
  type Act,
  type Go,
  primaryDoor,
  type RotationEvent,
  type RotationRun,
} from './rotation-run.ts';

/** What a BMC does not do with an account that is not ours does not make the rotation a failure. */
const CANNOT: readonly string[] = ['bmc.account-fixed', 'bmc.refused', 'bmc.unsupported'];

/** Undefined: it could not be said, or asking could lock the account. */
const isOldAlive = async (run: RotationRun, old: Credential): Promise<boolean | undefined> => {
  try {
    return await isLetIn(run, 'bmc.prove-old', old.username, () =>
      primaryDoor(run).proveLogin(run.node, old),
    );
  } catch (error) {
    if (error instanceof LoginHeld || error instanceof Failure) return undefined;
    throw error;
  }
};

/** Where the one refusal is all that the account in use may have, its next logins are worth more than the answer. */
const mayAsk = ({ credential, parts, rotation }: RotationRun): boolean =>
  rotation.work.replaced?.slot !== credential.activeSlot ||
  triesAllowed(credential.limits, parts.options).max > 1;

const listNames = async (run: RotationRun): Promise<ReadonlySet<string>> => {
  const { activeSlot } = run.credential;
  if (activeSlot === null) throw new Error('no account is in use');
  const as = await loginCredential(run, { by: 'slot', slot: activeSlot });
  const login = { username: as.username, isProven: true };
  const names = new Set<string>();
  for (const door of run.doors) {
    const accounts = await tryAs(run, `bmc.list.${door.protocol}`, login, () =>
      door.list(run.node, as),
    );
    for (const { username } of accounts) if (username !== '') names.add(username);
  }
  return names;
};

/** Who could do nothing but change its own password could not ask for them. */
const limitsNow = async (run: RotationRun): Promise<BmcLimits> => {
  const { activeSlot, limits } = run.credential;
  if (run.rotation.work.demanded == null || activeSlot === null) return limits;
  return fetchLimits(run, await loginCredential(run, { by: 'slot', slot: activeSlot }));
};

/** Once: who was there before us is none of our business. */
const noteAccounts = async (run: RotationRun): Promise<Go> => {
  let names: ReadonlySet<string> = new Set();
  try {
    names = await listNames(run);
  } catch (error) {
    // A BMC that does not list its accounts will not do so later either.
    if (!(error instanceof Failure) || !CANNOT.includes(error.code)) throw error;
  }
  const knownAccounts = [...names];
  const limits = await limitsNow(run);
  return { kind: 'go', phase: run.rotation.phase, credential: () => ({ knownAccounts, limits }) };
};

export const verifyOldDead: Act = async (run) => {
  // First: with one account, what is refused below counts against the login that lists.
  if (run.credential.knownAccounts === null) return noteAccounts(run);
  const { replaced } = run.rotation.work;
  const old = replaced === null ? undefined : await readSecret(run, replaced.slot, replaced.ref);
  const isAlive = old === undefined || !mayAsk(run) ? undefined : await isOldAlive(run, old);
  if (isAlive === undefined) {
    return {
      kind: 'go',
      phase: 'settling',
      work: { replaced: null },
      detail: { old: 'not tried' },
    };
  }
  return {
    kind: 'go',
    phase: 'settling',
    work: { replaced: null, isOldAlive: isAlive },
    events: [{ name: isAlive ? 'bmc.rotation.old_alive' : 'bmc.rotation.old_dead' }],
  };
};

export const settling: Act = async (run) => {
  const { credential, rotation } = run;
  const { given, slots } = credential;
  const isOwn = [slots.a.username, slots.b.username].includes(given?.username ?? '');
  const isWished = rotation.work.givenPolicy === 'disable' && given !== null && !isOwn;
  // Never the last way in.
  if (!isWished || restingState({ ...credential, frozen: null }) !== 'managed') {
    return endSucceeded(run);
  }
  try {
    await disableAccount(run, credential.activeSlot ?? 'a', given.username);
    const detail = { username: given.username };
    return withEvent(endSucceeded(run), { name: 'bmc.account.disabled', detail });
  } catch (error) {
    if (!(error instanceof Failure) || !CANNOT.includes(error.code)) throw error;
    const detail = { username: given.username, reason: error.message };
    return withEvent(endSucceeded(run), { name: 'bmc.account.factory_still_open', detail });
  }
};

const withEvent = (next: Go, event: RotationEvent): Go => ({
  ...next,
  events: [...(next.events ?? []), event],
});
