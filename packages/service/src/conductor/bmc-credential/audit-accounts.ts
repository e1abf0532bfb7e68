// After each tenant: who could make accounts at the BMC, from inside of the machine, may have made some. What was not there
// when the service took the BMC over, and nobody has told it of since, is disabled, or keeps the node from the next one.

import { Failure } from '@bessemer/protocol/errors/failure';

import { type BmcCredentialRecord, findBmcCredential } from '#store/bmc-credentials';
import type { Credential } from '#trust/secret-store/secret-store';

import type { Job } from '../workflow/step.ts';
import { countedDoors } from './counted-doors.ts';
import { doorsOf } from './credential-parts.ts';
import { auditPosture } from './posture/audit-posture.ts';
import { fixPosture } from './posture/fix-posture.ts';
import type { AccountPlace, PostureKind } from './posture/posture-item.ts';
import type { PostureQuestion } from './posture/posture-question.ts';
import { eventsOf, fixEventsOf } from './posture/tell-posture.ts';
import type { RotationEvent, RotationParts } from './rotation/rotation-run.ts';

/** Names that may be there. */
export const expectedNames = (
  { slots, given, knownAccounts }: BmcCredentialRecord,
  { options }: Pick<RotationParts, 'options'>,
): readonly string[] => [
  slots.a.username,
  slots.b.username,
  ...(given === null ? [] : [given.username]),
  ...(knownAccounts ?? []),
  ...options.foreignAccounts,
];

const PROTOCOLS = ['redfish', 'ipmi'] as const;

/** Where the accounts of the service are at the BMC, as far as that is known. */
export const ownPlacesOf = ({ slots }: BmcCredentialRecord): readonly AccountPlace[] =>
  [slots.a, slots.b].flatMap(({ accountIds }) =>
    PROTOCOLS.flatMap((protocol) => {
      const id = accountIds[protocol];
      return id === undefined ? [] : [{ protocol, id }];
    }),
  );

/** Who is in there is another's by now, or whoever gives no name. */
const STRANGE: readonly PostureKind[] = ['unexpected-account', 'anonymous-user'];

const questionOf = async (
  { node, driver, fence }: Pick<Job, 'node' | 'driver' | 'fence'>,
  parts: RotationParts,
  record: BmcCredentialRecord,
  as: Credential,
): Promise<PostureQuestion> => {
  const { a, b } = record.slots;
  const ownNames = [a.username, b.username];
  return {
    node,
    doors: await countedDoors(doorsOf(driver, node), parts, { nodeUuid: node.uuid, fence }),
    as,
    ownNames,
    ownPlaces: ownPlacesOf(record),
    foreignNames: expectedNames(record, parts).filter((name) => !ownNames.includes(name)),
    manufacturer: null,
    // It comes after each tenant, and a guess is a refused login.
    isGuessing: false,
  };
};

export const noteAll = async (
  { node }: Pick<Job, 'node'>,
  parts: RotationParts,
  events: readonly RotationEvent[],
): Promise<void> => {
  if (events.length === 0) return;
  await parts.store.transaction(async (transaction) => {
    for (const event of events) await parts.note(transaction, node, event);
  });
};

/**
 * False: nothing is kept at this BMC. Throws Failure where an account is left that should not be there, or it could not be
 * looked.
 */
export const auditAccounts = async (job: Job, parts: RotationParts): Promise<boolean> => {
  const record = await findBmcCredential(parts.store.db, job.node.uuid);
  const slot = record?.activeSlot;
  const ref = slot == null ? null : (record?.slots[slot].ref ?? null);
  if (record === undefined || slot == null || ref === null) return false;
  const place = { nodeUuid: job.node.uuid, slot };
  const { credential: as } = await parts.secrets.getWrite(place, ref);
  const question = await questionOf(job, parts, record, as);
  const { items, gaps } = await auditPosture(question);
  const unseen = gaps.find(({ what }) => what === 'accounts');
  if (unseen !== undefined) {
    const isRetryable = unseen.code === 'bmc.unreachable';
    throw new Failure(unseen.code, unseen.text, { isRetryable });
  }
  await noteAll(job, parts, eventsOf(items));
  const strange = items.filter(({ kind }) => STRANGE.includes(kind));
  const isMended = parts.options.isUnexpectedDisabled;
  const fixes = await fixPosture(question, isMended ? strange : []);
  await noteAll(job, parts, fixEventsOf(fixes, null));
  const left = strange.filter((item) => !fixes.fixed.includes(item));
  if (left.length === 0) return true;
  const names = left.map(({ username }) => username || '(without a name)').join(', ');
  throw new Failure(
    'bmc.account-unexpected',
    `The BMC has accounts that nobody told the service of: ${names}. Remove them, or list them in ` +
      '[bmc_credentials] foreign_accounts, and clean again.',
    { details: { found: left.map(({ text }) => text) } },
  );
};
