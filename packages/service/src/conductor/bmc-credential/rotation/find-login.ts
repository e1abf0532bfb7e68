// The beginning of a rotation: a login that works, and what the BMC allows. One login is tried per turn, and each
// refusal is stored before the next one, so that a process that is killed here again and again locks nobody out. Where
// no login works, the password is set from inside of the machine, if that may be.

import type { Credential } from '#trust/secret-store/secret-store';

import { endFailed } from './end-rotation.ts';
import { changeOwn, noteDemanded } from './change-own.ts';
import { goOnTo } from './go-on-with.ts';
import { GIVEN_PLACE, givenRefOf, storeSecret } from './kept-secrets.ts';
import { type KnownLogin, knownLogins, readLogin, unnamedLogins } from './known-logins.ts';
import { fetchLimits } from './learn-limits.ts';
import { askLetIn, LOCKOUT_MS } from './login-tries.ts';
import { restingSlotState, withProved } from './proved-secret.ts';
import { type Act, type Go, primaryDoor, type RotationRun, withSlot } from './rotation-run.ts';

const refused = (run: RotationRun, login: KnownLogin, isGone: boolean): Go => ({
  kind: 'go',
  phase: 'begin',
  work: { refused: [...run.rotation.work.refused, login.name] },
  credential: (record) =>
    login.kind === 'slot' && record.slots[login.slot].ref === login.ref
      ? withSlot(record, login.slot, { state: 'suspect' })
      : {},
  ...(isGone ? { events: [{ name: 'bmc.store.rollback', detail: { login: login.name } }] } : {}),
});

const foundOwn = async (
  run: RotationRun,
  { slot, ref }: Extract<KnownLogin, { kind: 'slot' }>,
  as: Credential,
): Promise<Go> => {
  const limits = await fetchLimits(run, as);
  return {
    ...goOnTo(run, { by: 'slot', slot }),
    credential: (record) => ({
      limits,
      ...withProved(record, slot, ref, {
        state: restingSlotState(record, slot),
        nowMs: run.parts.clock.wallMs(),
      }),
    }),
  };
};

/** It is kept: it opens the BMC once more, should all else be lost. */
const foundGiven = async (run: RotationRun, given: Credential): Promise<Go> => {
  const limits = await fetchLimits(run, given);
  const ref = givenRefOf(run.rotation);
  const { username } = given;
  const nowMs = run.parts.clock.wallMs();
  if (run.rotation.strategy === 'dual') {
    await storeSecret(run, GIVEN_PLACE, ref, given);
    return {
      ...goOnTo(run, { by: 'given' }, username),
      credential: ({ given: before, superseded }) => ({
        limits,
        given: { username, ref },
        superseded:
          before === null || before.ref === ref
            ? superseded
            : [...superseded, { slot: GIVEN_PLACE, ref: before.ref, sinceMs: nowMs }],
      }),
    };
  }
  // There is one account: from now on this is ours, whatever it is called.
  const slot = run.credential.activeSlot ?? 'a';
  await storeSecret(run, slot, ref, given);
  return {
    ...goOnTo(run, { by: 'slot', slot }),
    credential: (record) => {
      const own = { ...record, ...withSlot(record, slot, { username }) };
      const state = restingSlotState(record, slot);
      return { limits, ...withProved(own, slot, ref, { state, nowMs }) };
    },
  };
};

const findObstacle = async (run: RotationRun): Promise<string | undefined> => {
  const { inBand, node, rotation } = run;
  if (rotation.work.askedPath === 'oob') return 'path=oob was asked for';
  return inBand === undefined ? 'no agent runs on the machine' : inBand.findObstacle(node);
};

/** Some BMCs refuse whoever is locked out as if the password were wrong. */
const mayBeLockout = ({ credential, rotation: { work } }: RotationRun): boolean =>
  !work.isLockoutAwaited && work.stateBefore !== 'lost' && credential.limits.lockoutThreshold !== 0;

const waitForLockout = (run: RotationRun): Go => ({
  kind: 'go',
  phase: 'begin',
  work: { refused: [], isLockoutAwaited: true },
  credential: ({ limits }) => ({
    heldUntilMs: run.parts.clock.wallMs() + (limits.lockoutMs ?? LOCKOUT_MS),
  }),
  events: [{ name: 'bmc.lockout.seen' }],
});

const beginInBand = async (run: RotationRun): Promise<Go> => {
  const obstacle = await findObstacle(run);
  if (obstacle === undefined) return goOnTo(run, { by: 'inband' });
  if (run.rotation.work.askedPath === 'inband') {
    const text = `the password cannot be set from inside of the machine: ${obstacle}.`;
    return endFailed(run, 103, 'agent.unreachable', text);
  }
  if (run.credential.activeSlot === null) {
    const text =
      'the BMC refuses the login that driver_info has, and nothing was changed. Correct it and try again.';
    return endFailed(run, 104, 'bmc.credentials', text);
  }
  if (mayBeLockout(run)) return waitForLockout(run);
  const text =
    `no password that is known works at the BMC, and it cannot be set from inside: ${obstacle}. ` +
    'Give a login that works in driver_info, or boot the ramdisk, and call repair_bmc_credentials.';
  return endFailed(run, 105, 'bmc.login-lost', text);
};

const tryLogin = async (run: RotationRun, login: KnownLogin, as: Credential): Promise<Go> => {
  const door = primaryDoor(run);
  const answer = await askLetIn(run, 'bmc.prove', as.username, () => door.proveLogin(run.node, as));
  if (answer === 'refused') return refused(run, login, false);
  if (login.kind === 'slot' && login.cutBytes !== undefined) {
    const { slot, ref, cutBytes: bytes } = login;
    return { kind: 'go', phase: 'correcting', work: { cut: { slot, ref, bytes } } };
  }
  if (answer === 'change-demanded') return noteDemanded(run, login, as);
  return login.kind === 'given' ? foundGiven(run, as) : foundOwn(run, login, as);
};

export const begin: Act = async (run) => {
  const health = await run.parts.secrets.health();
  if (health.state !== 'ready') throw health.failure;
  const { work } = run.rotation;
  if (work.askedPath === 'inband') return beginInBand(run);
  const known = knownLogins(run);
  for (const login of known) {
    if (work.refused.includes(login.name)) continue;
    const as = await readLogin(run, login);
    if (as !== undefined) return tryLogin(run, login, as);
    // Else nothing was given, or there is nothing to cut off.
    if (login.kind === 'slot' && login.cutBytes === undefined) return refused(run, login, true);
  }
  const unnamed = await unnamedLogins(run, known);
  for (const login of unnamed) {
    if (work.refused.includes(login.name)) continue;
    const as = await readLogin(run, login);
    if (as !== undefined) return tryLogin(run, login, as);
  }
  const demanded = [...known, ...unnamed].find(({ name }) => name === work.demanded);
  return demanded === undefined ? beginInBand(run) : changeOwn(run, demanded);
};
