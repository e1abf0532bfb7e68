// The accounts that a discovered BMC came with: nobody told the service of them, and everybody knows their passwords. They
// are disabled when both accounts of the service work, apart from those that the operator lists.

import { Failure } from '@bessemer/protocol/errors/failure';

import type { BmcAccount, BmcAccountDoor } from '#drivers/bmc-accounts';
import {
  changeBmcCredential,
  findBmcCredential,
  type BmcCredentialRecord,
} from '#store/bmc-credentials';
import type { Credential } from '#trust/secret-store/secret-store';

import { doorsOf, requireRotationParts } from '../bmc-credential/credential-parts.ts';
import type { RotationParts } from '../bmc-credential/rotation/rotation-run.ts';
import type { Job, Step } from '../workflow/step.ts';

/** Both, or the only one. */
const haveAllWorked = ({ strategy, activeSlot, slots }: BmcCredentialRecord): boolean =>
  activeSlot !== null &&
  (strategy === 'single' ||
    [slots.a, slots.b].every(({ state }) => state === 'active' || state === 'standby'));

const isFactory = (account: BmcAccount, ours: readonly string[]): boolean =>
  account.username !== '' && account.isEnabled !== false && !ours.includes(account.username);

const disableAt = async (
  job: Job,
  parts: RotationParts,
  door: BmcAccountDoor,
  { as, ours }: { readonly as: Credential; readonly ours: readonly string[] },
): Promise<readonly string[]> => {
  const disabled: string[] = [];
  for (const account of await door.list(job.node, as)) {
    if (!isFactory(account, ours)) continue;
    await door.disable(job.node, as, account.id);
    disabled.push(account.username);
    await parts.store.transaction((transaction) =>
      parts.note(transaction, job.node, {
        name: 'bmc.account.disabled',
        detail: { username: account.username, id: account.id, protocol: door.protocol },
      }),
    );
  }
  return disabled;
};

export const disableFactoryAccounts: Step = {
  name: 'disable_factory_accounts',
  isIdempotent: true,
  run: async (job) => {
    const parts = requireRotationParts(job.parts);
    const record = await findBmcCredential(parts.store.db, job.node.uuid);
    const slot = record?.activeSlot ?? null;
    const ref = slot === null ? null : (record?.slots[slot].ref ?? null);
    if (record === undefined || slot === null || ref === null || !haveAllWorked(record)) {
      throw new Failure(
        'bmc.login-lost',
        'The accounts that the BMC came with stay as they are: those of the service do not both work.',
      );
    }
    const { credential: as } = await parts.secrets.getWrite({ nodeUuid: job.node.uuid, slot }, ref);
    const { a, b } = record.slots;
    const ours = [a.username, b.username, ...parts.options.foreignAccounts];
    const disabled: string[] = [];
    for (const door of doorsOf(job.driver, job.node)) {
      disabled.push(...(await disableAt(job, parts, door, { as, ours })));
    }
    return {
      kind: 'done',
      detail: { disabled },
      // A tenant that revives one of them is found by the next audit.
      also: async (transaction) => {
        await changeBmcCredential(transaction, job.node.uuid, () => ({ knownAccounts: [] }));
      },
    };
  },
};
