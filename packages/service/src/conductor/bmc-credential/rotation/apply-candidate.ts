// The BMC is told the next password: by the login that works, or from inside of the machine. What it answers is no
// proof; where the answer is lost, or the process was, logging in tells.

import type { FailureCode } from '@bessemer/protocol/errors/codes';
import { Failure } from '@bessemer/protocol/errors/failure';

import { isPasswordSet } from '#drivers/after-password';
import type { BmcAccountDoor, BmcAccountWish } from '#drivers/bmc-accounts';
import type { BmcCredentialRecord } from '#store/bmc-credentials';
import type { Credential } from '#trust/secret-store/secret-store';

import { writeCredential } from './commit-rotation.ts';
import { DEMAND_REMEDY, dropCandidate, endFailed } from './end-rotation.ts';
import { loginCredential } from './known-logins.ts';
import { requireSecret } from './kept-secrets.ts';
import { tryAs } from './login-tries.ts';
import {
  type Act,
  atFaultPoint,
  candidateOf,
  type Go,
  isDemandMet,
  primaryDoor,
  type RotationRun,
  targetOf,
  withSlot,
} from './rotation-run.ts';

/** Told by `door` with the login that works. Answers with the id of the account. */
export const tellBy = async (
  run: RotationRun,
  door: BmcAccountDoor,
  credential: Credential,
): Promise<string> => {
  const { login } = run.rotation.work;
  if (login === null || login.by === 'inband') throw new Error('no login was found to tell with');
  const as = await loginCredential(run, login);
  const { accountIds } = run.credential.slots[targetOf(run)];
  const wish: BmcAccountWish = { id: accountIds[door.protocol] ?? null, credential };
  return tryAs(run, `bmc.set.${door.protocol}`, { username: as.username, isProven: true }, () =>
    door.set(run.node, as, wish),
  );
};

const tellInBand = async (run: RotationRun, credential: Credential): Promise<string> => {
  if (run.inBand === undefined) {
    throw new Failure('agent.unreachable', 'No agent runs on the machine any more.');
  }
  const { inBand, node } = run;
  const id = run.credential.slots[targetOf(run)].accountIds.ipmi ?? null;
  // Whoever lost the node stops here.
  await writeCredential(run, () => ({}));
  return atFaultPoint(run, 'inband.set', () => inBand.set(node, { id, credential }));
};

const withId =
  (run: RotationRun, protocol: 'ipmi' | 'redfish', id: string) => (record: BmcCredentialRecord) => {
    const slot = targetOf(run);
    const accountIds = { ...record.slots[slot].accountIds, [protocol]: id };
    return withSlot(record, slot, { accountIds });
  };

/** The BMC is as it was before it was told. */
const UNCHANGED: readonly FailureCode[] = [
  'bmc.accounts-full',
  'bmc.account-fixed',
  'bmc.unsupported',
  'bmc.refused',
];
/** Nobody knows whether the BMC did it; or the only account has the new password already, since it was told before. */
const UNKNOWN: readonly FailureCode[] = [
  'bmc.credentials',
  'bmc.unreachable',
  'bmc.protocol',
  'agent.unreachable',
  'agent.protocol',
  'agent.command-failed',
];

/** The candidate is not on the BMC: the next profile is tried. */
const refusedByPolicy = (run: RotationRun, failure: Failure): Go => ({
  kind: 'go',
  phase: 'generated',
  credential: (record) => dropCandidate(run, record),
  events: [
    {
      name: 'bmc.policy.refused',
      detail: { profile: run.rotation.work.profile ?? '', said: failure.message },
    },
  ],
});

/** Where the answer does not say what the BMC holds now. */
const toBeSeen = ({ code }: Failure): Go => ({
  kind: 'go',
  phase: 'verifying',
  detail: { answer: code },
});

const DEMAND_TEXT = 'the BMC demands another password of its account before anything else,';

const answered = (run: RotationRun, failure: Failure): Go => {
  if (UNKNOWN.includes(failure.code)) return toBeSeen(failure);
  const isPolicy = failure.code === 'bmc.password-policy';
  if (!isPolicy && !UNCHANGED.includes(failure.code)) throw failure;
  // Told before, and perhaps not in vain: policies refuse what is set already, too.
  if (run.rotation.work.applied > 1) return toBeSeen(failure);
  if (isPolicy) return refusedByPolicy(run, failure);
  const isCandidateGone = !isPasswordSet(failure);
  if (isDemandMet(run)) {
    const text = `${DEMAND_TEXT} and does not let it be changed: ${failure.message} ${DEMAND_REMEDY}`;
    return endFailed(run, 115, failure.code, text, { isCandidateGone, remedy: DEMAND_REMEDY });
  }
  const text = `the account cannot be set: ${failure.message}`;
  return endFailed(run, 106, failure.code, text, { isCandidateGone });
};

export const applying: Act = async (run) => {
  if (run.entered !== 'applying') {
    if (run.rotation.work.isPaused) {
      const credential = (record: BmcCredentialRecord) =>
        withSlot(record, targetOf(run), { state: 'applying' });
      return { kind: 'go', phase: 'applying', credential };
    }
    // Another process told the BMC, or was about to.
    return { kind: 'go', phase: 'verifying', detail: { isResumed: true } };
  }
  const slot = targetOf(run);
  const credential = await requireSecret(run, slot, candidateOf(run));
  try {
    if (run.rotation.path === 'inband') {
      const id = await tellInBand(run, credential);
      return {
        kind: 'go',
        phase: 'verifying',
        credential: withId(run, id.startsWith('/') ? 'redfish' : 'ipmi', id),
        events: [{ name: 'bmc.rotation.applied' }],
      };
    }
    const door = primaryDoor(run);
    const id = await tellBy(run, door, credential);
    return {
      kind: 'go',
      phase: 'verifying',
      credential: withId(run, door.protocol, id),
      events: [{ name: 'bmc.rotation.applied' }],
    };
  } catch (error) {
    if (error instanceof Failure) return answered(run, error);
    throw error;
  }
};
