// The doors of a BMC for whoever asks it something beside a rotation, with the lease of the node: each login is noted
// before it is made, in the row that rotations note theirs in, and is not made where one more could lock the account.

import { Failure } from '@bessemer/protocol/errors/failure';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { BmcAccountDoor } from '#drivers/bmc-accounts';
import {
  addBmcCredential,
  type BmcCredentialRecord,
  changeBmcCredential,
} from '#store/bmc-credentials';
import { isFenceCurrent } from '#store/leases';

import { LeaseLost } from '../workflow/lease-lost.ts';
import { newCredential } from './rotation/begin-rotation.ts';
import { LoginHeld, type TryLedger, tryCounted } from './rotation/login-tries.ts';
import type { RotationParts } from './rotation/rotation-run.ts';

type Holder = { readonly nodeUuid: NodeUuid; readonly fence: number };

const openLedger = async (
  { store, clock, options }: RotationParts,
  { nodeUuid, fence }: Holder,
): Promise<TryLedger> => {
  const change = (work: Parameters<TryLedger['write']>[0]): Promise<BmcCredentialRecord> =>
    store.transaction(async (transaction) => {
      if (!(await isFenceCurrent(transaction, nodeUuid, fence))) throw new LeaseLost(nodeUuid);
      await addBmcCredential(transaction, newCredential(nodeUuid, options));
      const changed = await changeBmcCredential(transaction, nodeUuid, work);
      if (changed === undefined) throw new Error(`node ${nodeUuid} has no row of its credentials`);
      return changed;
    });
  let record = await change(() => ({}));
  return {
    clock,
    options,
    read: () => record,
    write: async (work) => {
      record = await change(work);
    },
    // Whether the login in use is the one that works is found out by rotations.
    whenLetIn: {},
  };
};

const held = ({ message, untilMs }: LoginHeld, nowMs: number): Failure =>
  new Failure('bmc.login-budget', `${message}, so that the BMC does not lock it.`, {
    isRetryable: true,
    details: { seconds: Math.ceil((untilMs - nowMs) / 1_000) },
  });

/** Calls throw LeaseLost, with nothing asked of the BMC, when somebody else has the node. */
export const countedDoors = async (
  doors: readonly BmcAccountDoor[],
  parts: RotationParts,
  holder: Holder,
): Promise<readonly BmcAccountDoor[]> => {
  const ledger = await openLedger(parts, holder);
  const count = async <T>(
    username: string,
    isProven: boolean,
    work: () => Promise<T>,
  ): Promise<T> => {
    try {
      return await tryCounted(ledger, { username, isProven }, work);
    } catch (error) {
      throw error instanceof LoginHeld ? held(error, parts.clock.wallMs()) : error;
    }
  };
  return doors.map(({ fetchExposure, switchIpmiOff, ...door }) => ({
    ...door,
    proveLogin: (node, as) => count(as.username, false, () => door.proveLogin(node, as)),
    fetchLimits: (node, as) => count(as.username, false, () => door.fetchLimits(node, as)),
    list: (node, as) => count(as.username, false, () => door.list(node, as)),
    set: (node, as, wish) => count(as.username, false, () => door.set(node, as, wish)),
    // Nobody disables what they did not list with the same login.
    disable: (node, as, id) => count(as.username, true, () => door.disable(node, as, id)),
    ...(fetchExposure === undefined
      ? {}
      : {
          fetchExposure: (node, as) => count(as.username, true, () => fetchExposure(node, as)),
        }),
    ...(switchIpmiOff === undefined
      ? {}
      : {
          switchIpmiOff: (node, as) => count(as.username, true, () => switchIpmiOff(node, as)),
        }),
  }));
};
