// After each tenant: who could make accounts at the BMC, from inside of the machine, may have made some. What was not there
// when the service took the BMC over, and nobody has told it of since, is disabled, or keeps the node from the next one.

import { Failure } from '@bessemer/protocol/errors/failure';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { BmcAccount, BmcAccountDoor } from '#drivers/bmc-accounts';
import { type BmcCredentialRecord, findBmcCredential } from '#store/bmc-credentials';
import type { Credential } from '#trust/secret-store/secret-store';

import type { Job } from '../workflow/step.ts';
import { doorsOf } from './credential-parts.ts';
import { isUsable } from './posture/account-items.ts';
import type { RotationParts } from './rotation-run.ts';

type Found = { readonly door: BmcAccountDoor; readonly account: BmcAccount };

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

const findUnexpected = async (
  node: NodeRecord,
  doors: readonly BmcAccountDoor[],
  as: Credential,
  expected: readonly string[],
): Promise<readonly Found[]> => {
  const found: Found[] = [];
  for (const door of doors) {
    const accounts = await door.list(node, as);
    const strange = accounts.filter(
      (account) =>
        account.username !== '' && isUsable(account) && !expected.includes(account.username),
    );
    found.push(...strange.map((account) => ({ door, account })));
  }
  return found;
};

const tell = (
  { node }: Pick<Job, 'node'>,
  parts: RotationParts,
  name: 'bmc.account.unexpected' | 'bmc.account.disabled',
  { door, account }: Found,
): Promise<void> =>
  parts.store.transaction((transaction) =>
    parts.note(transaction, node, {
      name,
      detail: {
        username: account.username,
        id: account.id,
        protocol: door.protocol,
        privilege: account.privilege,
      },
    }),
  );

/** Throws Failure where an account is left that should not be there. */
export const auditAccounts = async (job: Job, parts: RotationParts): Promise<void> => {
  const record = await findBmcCredential(parts.store.db, job.node.uuid);
  const slot = record?.activeSlot;
  const ref = slot == null ? null : (record?.slots[slot].ref ?? null);
  if (record === undefined || slot == null || ref === null) return;
  const place = { nodeUuid: job.node.uuid, slot };
  const { credential: as } = await parts.secrets.getWrite(place, ref);
  const doors = doorsOf(job.driver, job.node);
  const found = await findUnexpected(job.node, doors, as, expectedNames(record, parts));
  for (const each of found) {
    await tell(job, parts, 'bmc.account.unexpected', each);
    if (!parts.options.isUnexpectedDisabled) continue;
    await each.door.disable(job.node, as, each.account.id);
    await tell(job, parts, 'bmc.account.disabled', each);
  }
  if (found.length === 0 || parts.options.isUnexpectedDisabled) return;
  const names = [...new Set(found.map(({ account }) => account.username))].join(', ');
  throw new Failure(
    'bmc.account-unexpected',
    `The BMC has accounts that nobody told the service of: ${names}. Remove them, or list them in ` +
      '[bmc_credentials] foreign_accounts, and clean again.',
  );
};
