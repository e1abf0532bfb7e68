// The next password: chosen, stored, and read back from the store. The BMC knows nothing of it yet.

import { Failure } from '@bessemer/protocol/errors/failure';

import {
  type BmcCredentialChanges,
  type BmcCredentialRecord,
  type BmcSlotName,
  findProfileOfModel,
  type SecretRef,
} from '#store/bmc-credentials';
import { findInventory } from '#store/inventories';
import { profilesFor } from '#trust/bmc-credential/choose-profiles';
import { generatePassword } from '#trust/bmc-credential/generate';
import { findPattern, type PasswordPattern } from '#trust/bmc-credential/password-pattern';
import type { PasswordProfile } from '#trust/bmc-credential/password-profiles';
import type { Credential } from '#trust/secret-store/secret-store';

import { DEMAND_REMEDY, endFailed } from './end-rotation.ts';
import {
  isStored,
  readSecret,
  requireSecret,
  storeSecret,
  SUPPLIED_PLACE,
} from './kept-secrets.ts';
import { modelOf, modelOfInventory } from './machine-model.ts';
import {
  type Act,
  candidateOf,
  isDemandMet,
  type RotationRun,
  targetOf,
  withSlot,
} from './rotation-run.ts';

/** In the place of the name of a profile: somebody chose the password. */
const SUPPLIED = 'supplied';

const isSupplied = ({ rotation }: RotationRun): boolean =>
  rotation.work.supplied !== null && rotation.work.pass === 'replace';

/** As its BMC tells it, else as the agent of a machine that was found did. */
const knownModel = async ({ credential, node, parts }: RotationRun): Promise<string | undefined> =>
  modelOf(node) ??
  credential.model ??
  modelOfInventory(await findInventory(parts.store.db, node.uuid));

/** What this BMC took, else what others of its model did. */
const rememberedProfile = async (
  { credential, parts }: RotationRun,
  model: string | undefined,
): Promise<string | undefined> => {
  if (credential.profile !== null) return credential.profile;
  return model === undefined ? undefined : findProfileOfModel(parts.store.db, model);
};

type Choice = {
  readonly profiles: readonly PasswordProfile[];
  readonly pattern: PasswordPattern | undefined;
};

/** From inside it is IPMI that is asked first, whatever the node is spoken to by. */
const isRedfishAlone = ({ doors, rotation }: RotationRun): boolean =>
  rotation.path !== 'inband' && doors.every(({ protocol }) => protocol === 'redfish');

const choose = async (run: RotationRun): Promise<Choice> => {
  const { credential, parts } = run;
  const model = await knownModel(run);
  const remembered = await rememberedProfile(run, model);
  const pattern = findPattern(parts.options.passwordPatterns, model);
  const profiles = profilesFor(credential.limits, {
    session: isRedfishAlone(run) ? 'redfish' : 'rmcp+',
    isWeakAllowed: parts.options.isWeakAllowed,
    pattern,
    ...(remembered === undefined ? {} : { remembered }),
  });
  return { profiles, pattern };
};

const refusedNames = (names: readonly string[], pattern: PasswordPattern | undefined): string => {
  if (names.length > 0) return names.join(', ');
  return pattern === undefined
    ? 'the passwords within its own limits'
    : `the passwords of ${pattern.profile.name} within its own limits`;
};

export const generated: Act = async (run) => {
  const { rotation } = run;
  const { profilesTried, written } = rotation.work;
  const { profiles, pattern } = await choose(run);
  const names = isSupplied(run) ? [SUPPLIED] : profiles.map(({ name }) => name);
  const profile = names.find((each) => !profilesTried.includes(each));
  if (profile === undefined) {
    const text = `candidate refused by password policy: the BMC takes none of ${refusedNames(names, pattern)}.`;
    if (!isDemandMet(run)) return endFailed(run, 107, 'bmc.password-policy', text);
    const remedy = DEMAND_REMEDY;
    const all = `${text} It wants another one before anything else. ${remedy}`;
    return endFailed(run, 107, 'bmc.password-policy', all, { remedy });
  }
  return {
    kind: 'go',
    phase: 'storing',
    changes: { candidate: `${rotation.id}-${written + 1}` },
    work: { profile, profilesTried: [...profilesTried, profile], written: written + 1, applied: 0 },
    detail: { profile },
  };
};

const makeCredential = async (run: RotationRun, slot: BmcSlotName): Promise<Credential> => {
  const { username } = run.credential.slots[slot];
  const { profile: name, supplied } = run.rotation.work;
  if (supplied !== null && name === SUPPLIED) {
    const { password } = await requireSecret(run, SUPPLIED_PLACE, supplied);
    return { username, password };
  }
  const { profiles } = await choose(run);
  // Settings, or what is known of the BMC, may be others than when it was chosen.
  const profile = profiles.find((each) => each.name === name) ?? profiles[0];
  if (profile === undefined) {
    throw new Failure('bmc.password-policy', `No password may be made any more as ${name} has it.`);
  }
  return { username, password: generatePassword(profile, username) };
};

export const storing: Act = async (run) => {
  const [slot, ref] = [targetOf(run), candidateOf(run)];
  // The process before this one may have stored it; then that is the password, and no other one.
  const isThere = run.entered !== 'storing' && (await isStored(run, slot, ref));
  if (!isThere) await storeSecret(run, slot, ref, await makeCredential(run, slot));
  return {
    kind: 'go',
    phase: 'staged',
    credential: (record) => withSlot(record, slot, { state: 'staged' }),
  };
};

/** So many passwords a BMC may hold at most, as far as we know; what is older is not on it. */
const POSSIBLE_MAX = 8;

/** What the BMC is about to be told belongs to what it may hold, before it is told. */
const withPossible = (
  record: BmcCredentialRecord,
  slot: BmcSlotName,
  ref: SecretRef,
  nowMs: number,
): BmcCredentialChanges => {
  const all = [ref, ...record.slots[slot].possible.filter((each) => each !== ref)];
  const over = all.slice(POSSIBLE_MAX).map((each) => ({ slot, ref: each, sinceMs: nowMs }));
  return {
    ...withSlot(record, slot, {
      state: 'applying',
      possible: all.slice(0, POSSIBLE_MAX),
      setAtMs: nowMs,
    }),
    superseded: [...record.superseded, ...over],
  };
};

export const staged: Act = async (run) => {
  const [slot, ref] = [targetOf(run), candidateOf(run)];
  const credential = await readSecret(run, slot, ref);
  // Not there, or not for this account: the next one is written under another name.
  if (credential === undefined || credential.username !== run.credential.slots[slot].username) {
    const { profilesTried, profile } = run.rotation.work;
    return {
      kind: 'go',
      phase: 'generated',
      work: { profilesTried: profilesTried.filter((each) => each !== profile) },
      events: [{ name: 'bmc.store.rollback', detail: { login: `${slot}#${ref}` } }],
    };
  }
  return {
    kind: 'go',
    phase: 'applying',
    work: { applied: run.rotation.work.applied + 1 },
    credential: (record) => withPossible(record, slot, ref, run.parts.clock.wallMs()),
    events: [{ name: 'bmc.rotation.stored' }],
  };
};
