// What is true of a node and its BMC at every instant, whatever fails and whenever the process dies.

import assert from 'node:assert/strict';

import { cutPassword } from '#trust/bmc-credential/cut-password';

import { FACTORY } from './model-bmc.ts';
import type { Site } from './rotation-site.ts';

const CUTS = [16, 20];

type Login = { readonly username: string; readonly password: string };

/** Whole, and as a BMC may have cut it. */
const storedLogins = (site: Site): readonly (Login & { readonly ref: string })[] =>
  site.secrets.all().flatMap(({ credential, writeId }) => {
    const cuts = CUTS.flatMap((bytes) => cutPassword(credential, bytes) ?? []);
    return [credential, ...cuts].map(({ username, password }) => ({
      username,
      password: password.reveal(),
      ref: writeId,
    }));
  });

const sameLogin = (one: Login, other: Login): boolean =>
  one.username === other.username && one.password === other.password;

export const requireKnown = (site: Site): void => {
  const stored = [...storedLogins(site), FACTORY];
  for (const [username, { password }] of site.bmc.accounts) {
    const isKnown = stored.some((each) => sameLogin(each, { username, password }));
    assert.ok(isKnown, `the BMC has a password of ${username} that is nowhere in the store`);
  }
};

/** That the database names, not merely that the store has. */
export const requireWayIn = async (site: Site): Promise<void> => {
  if (site.bmc.isReset()) return;
  const credential = await site.credential();
  const slots = Object.values(credential?.slots ?? {});
  const refs = new Set<string | null | undefined>([
    ...slots.flatMap(({ possible, ref }) => [...possible, ref]),
    credential?.given?.ref,
  ]);
  const known = storedLogins(site).filter(({ ref }) => refs.has(ref));
  const isGivenKnown = credential === undefined || credential.activeSlot === null;
  const isIn = known.some(site.bmc.accepts) || (isGivenKnown && site.bmc.accepts(FACTORY));
  assert.ok(isIn, 'no login that is known works');
};

export const requireNoLockout = (site: Site): void => {
  assert.equal(site.bmc.lockouts(), 0, 'an account was locked');
};

/** After the end of a rotation. */
export const requireGoodEnd = async (site: Site): Promise<void> => {
  const { state, slots, activeSlot, lastResult } = await site.credential();
  assert.ok(['managed', 'degraded', 'lost', 'locked', 'unmanaged'].includes(state), state);
  assert.ok(lastResult !== null && lastResult.text !== '');
  if (state === 'lost') assert.ok(site.bmc.isReset(), `lost without cause: ${lastResult.text}`);
  if (state !== 'managed' || activeSlot === null) return;
  const { ref, username } = slots[activeSlot];
  const active = storedLogins(site).find((each) => each.ref === ref && each.username === username);
  const isFresh = lastResult.outcome === 'succeeded' && !site.bmc.isReset();
  if (isFresh)
    assert.ok(active !== undefined && site.bmc.accepts(active), 'managed, and locked out');
};

/** After the end of a rotation: what lies in the store is in use, or known to be over. */
export const requireNoOrphans = async (site: Site): Promise<void> => {
  const { slots, given, superseded } = await site.credential();
  const named = new Set([
    ...Object.entries(slots).flatMap(([slot, { ref, possible }]) =>
      [ref, ...possible].map((each) => `${slot}#${each}`),
    ),
    `given#${given?.ref}`,
    ...superseded.map(({ slot, ref }) => `${slot}#${ref}`),
  ]);
  for (const { slot, writeId } of site.secrets.all()) {
    assert.ok(named.has(`${slot}#${writeId}`), `nothing names ${slot}#${writeId}`);
  }
};
