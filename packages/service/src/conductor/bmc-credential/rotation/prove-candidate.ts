// Fresh logins with the next password. Where they are refused it is found out what the BMC holds, one login at a time:
//
//   dual     what may have been cut off; told once more; then what the account had before. The other account works
//            all the time.
//   single   what it had before; what may have been cut off; then from inside of the machine. One of these is the only
//            way in. From inside it is as with dual.
//
// Last comes the next password once more: some BMCs answer first and do it later.

import { Failure } from '@bessemer/protocol/errors/failure';

import { CUTS_BYTES, cutPassword } from '#trust/bmc-credential/cut-password';
import type { SecretRef } from '#store/bmc-credentials';
import { learnTruncation, PASSWORD_PROFILES } from '#trust/bmc-credential/password-profiles';
import type { Credential } from '#trust/secret-store/secret-store';

import { tellBy } from './apply-candidate.ts';
import { endFailed } from './end-rotation.ts';
import { requireSecret, readSecret, storeSecret } from './kept-secrets.ts';
import { askLetIn, isLetIn, type LoginAnswer } from './login-tries.ts';
import { restingSlotState, withProved } from './proved-secret.ts';
import {
  type Act,
  candidateOf,
  type Go,
  isOwnChange,
  type Next,
  primaryDoor,
  type RotationRun,
  targetOf,
  withSlot,
} from './rotation-run.ts';

/** How often the BMC is told the same password. */
const TOLD_MAX = 2;

const ask = (run: RotationRun, as: Credential): Promise<LoginAnswer> =>
  askLetIn(run, 'bmc.prove', as.username, () => primaryDoor(run).proveLogin(run.node, as));

const prove = async (run: RotationRun, as: Credential): Promise<boolean> =>
  (await ask(run, as)) === 'in';

export const verifying: Act = async (run) => {
  const as = await requireSecret(run, targetOf(run), candidateOf(run));
  if (!(await prove(run, as))) return { kind: 'go', phase: 'recovering' };
  return {
    kind: 'go',
    phase: 'verified',
    credential: (record) =>
      withSlot(record, targetOf(run), {
        state: 'verified',
        verifiedAtMs: run.parts.clock.wallMs(),
      }),
  };
};

/** The other protocols of the node; their accounts may be others. */
export const verified: Act = async (run) => {
  const as = await requireSecret(run, targetOf(run), candidateOf(run));
  for (const door of run.doors.slice(1)) {
    const name = `bmc.prove.${door.protocol}`;
    const isIn = (): Promise<boolean> =>
      isLetIn(run, name, as.username, () => door.proveLogin(run.node, as));
    if (await isIn()) continue;
    if (run.rotation.path === 'oob') await tellAlso(run, door, as);
    if (run.rotation.path === 'oob' && (await isIn())) continue;
    return endFailed(
      run,
      109,
      'bmc.credentials',
      `the new password works by ${primaryDoor(run).protocol} and not by ${door.protocol}; the old one stays in use.`,
    );
  }
  return { kind: 'go', phase: 'committing', events: [{ name: 'bmc.rotation.verified' }] };
};

const tellAlso = async (
  run: RotationRun,
  door: RotationRun['doors'][number],
  as: Credential,
): Promise<void> => {
  try {
    await tellBy(run, door, as);
  } catch (error) {
    // The login afterwards tells.
    if (!(error instanceof Failure) || !error.code.startsWith('bmc.')) throw error;
    if (error.code === 'bmc.locked' || error.code === 'bmc.login-budget') throw error;
  }
};

type Guess =
  | { readonly kind: 'cut'; readonly name: string; readonly bytes: number }
  | { readonly kind: 'old'; readonly name: string; readonly ref: SecretRef }
  | { readonly kind: 'again'; readonly name: 'again' }
  /** What was refused at first, because the BMC took its time. */
  | { readonly kind: 'late'; readonly name: string };

const guessesOf = (run: RotationRun): readonly Guess[] => {
  const { rotation, credential } = run;
  const { slot, candidate, strategy, work, path } = rotation;
  const old = slot === null ? null : credential.slots[slot].ref;
  const cuts = CUTS_BYTES.map((bytes) => ({
    kind: 'cut' as const,
    name: `${candidate}/${bytes}`,
    bytes,
  }));
  const olds =
    old === null || old === candidate
      ? []
      : [{ kind: 'old' as const, name: `old/${work.applied}`, ref: old }];
  const again = work.applied < TOLD_MAX ? [{ kind: 'again' as const, name: 'again' as const }] : [];
  const late = { kind: 'late' as const, name: `late/${work.applied}` };
  // From inside it is told without any login: that costs no try, and takes no way in away.
  const isFreeToTell = (strategy === 'dual' && !isOwnChange(run)) || path === 'inband';
  return isFreeToTell ? [...cuts, ...again, ...olds, late] : [...olds, ...cuts, late];
};

/** Some BMCs answer at once and do it a little later. */
const SETTLE_MS = 3_000;

const tellAgain = (run: RotationRun): Next => {
  const { applied, waits } = run.rotation.work;
  if (waits > 0) return { kind: 'go', phase: 'applying', work: { applied: applied + 1 } };
  return {
    kind: 'wait',
    wait: {
      reason: 'bmc',
      what: 'the BMC to take the password that it was told',
      on: 'the BMC',
      remedy: 'Nothing: it is told once more then.',
      lookAfterMs: SETTLE_MS,
      code: 'bmc.credentials',
    },
  };
};

const loginOf = async (run: RotationRun, guess: Extract<Guess, { kind: 'cut' | 'old' }>) => {
  const slot = targetOf(run);
  if (guess.kind === 'old') return readSecret(run, slot, guess.ref);
  return cutPassword(await requireSecret(run, slot, candidateOf(run)), guess.bytes);
};

/** The BMC said that it did, and did not, or takes its time: what was there before works. */
const notApplied = (run: RotationRun): Next => {
  if (run.rotation.work.applied < TOLD_MAX) return tellAgain(run);
  const target = run.credential.activeSlot === targetOf(run) ? 'active' : 'standby';
  const text = 'the BMC takes the new password and does not keep it; the old one works.';
  return endFailed(run, 108, 'bmc.refused', text, { target });
};

/** What was there before may be good for nothing but its own change, and is there all the same. */
const isHeld = async (run: RotationRun, guess: Guess, as: Credential): Promise<boolean> => {
  const answer = await ask(run, as);
  return answer === 'in' || (guess.kind === 'old' && answer === 'change-demanded');
};

export const recovering: Act = async (run) => {
  const slot = targetOf(run);
  const { refused } = run.rotation.work;
  for (const guess of guessesOf(run)) {
    if (refused.includes(guess.name)) continue;
    if (guess.kind === 'again') return tellAgain(run);
    if (guess.kind === 'late') {
      return { kind: 'go', phase: 'verifying', work: { refused: [...refused, guess.name] } };
    }
    const as = await loginOf(run, guess);
    if (as === undefined) continue;
    if (!(await isHeld(run, guess, as))) {
      return { kind: 'go', phase: 'recovering', work: { refused: [...refused, guess.name] } };
    }
    if (guess.kind === 'old') return notApplied(run);
    const cut = { slot, ref: candidateOf(run), bytes: guess.bytes };
    return { kind: 'go', phase: 'correcting', work: { cut } };
  }
  return nothingWorks(run);
};

const nothingWorks = async (run: RotationRun): Promise<Go> => {
  const { strategy, work, path } = run.rotation;
  if (
    strategy === 'single' &&
    path === 'oob' &&
    work.askedPath !== 'oob' &&
    run.inBand !== undefined
  ) {
    const obstacle = await run.inBand.findObstacle(run.node);
    if (obstacle === undefined) {
      return {
        kind: 'go',
        phase: 'applying',
        changes: { path: 'inband' },
        work: { login: { by: 'inband' }, applied: 1, refused: [] },
      };
    }
  }
  const isOnlyWay = isOwnChange(run) || strategy === 'single' || work.login?.by === 'inband';
  return endFailed(
    run,
    110,
    isOnlyWay ? 'bmc.login-lost' : 'bmc.credentials',
    isOnlyWay
      ? 'neither the new password nor the old one works at the BMC. Boot the ramdisk, or give a login that works in ' +
          'driver_info, and call repair_bmc_credentials.'
      : 'the BMC said that it had set the password, and refuses it; the other account works.',
    { target: 'suspect' },
  );
};

/** What the BMC holds is stored as it is, and no longer password is made for it; then a proper one follows. */
export const correcting: Act = async (run) => {
  const { work, id, strategy } = run.rotation;
  if (work.cut === null) throw new Error(`rotation ${id} has nothing to correct`);
  const { slot, ref, bytes } = work.cut;
  const whole = await requireSecret(run, slot, ref);
  const held = cutPassword(whole, bytes) ?? whole;
  const heldRef = `${id}-${work.written + 1}-cut`;
  await storeSecret(run, slot, heldRef, held);
  await requireSecret(run, slot, heldRef);
  const nowMs = run.parts.clock.wallMs();
  const state = restingSlotState(run.credential, slot);
  const profile = PASSWORD_PROFILES.find(({ name }) => name === run.credential.profile);
  const isTooLong = profile !== undefined && profile.lengthBytes > bytes;
  return {
    kind: 'go',
    // Without a login yet the search for one begins again, and ends here.
    phase: work.login === null ? 'begin' : 'generated',
    work: {
      cut: null,
      written: work.written + 1,
      applied: 0,
      refused: [],
      profilesTried: [],
      ...(slot === run.rotation.slot ? { targetBefore: state } : {}),
      ...(strategy === 'single' && work.login !== null ? { login: { by: 'slot', slot } } : {}),
    },
    ...(strategy === 'single' && work.login !== null ? { changes: { path: 'oob' as const } } : {}),
    credential: (record) => ({
      ...withProved(record, slot, heldRef, { state, nowMs, told: ref }),
      limits: learnTruncation(record.limits, bytes),
      ...(isTooLong ? { profile: null } : {}),
    }),
    events: [{ name: 'bmc.password.truncated', detail: { slot } }],
  };
};
