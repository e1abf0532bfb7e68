// What an audit needs to know.

import type { BmcAccountDoor } from '#drivers/bmc-accounts';
import type { Credential } from '#trust/secret-store/secret-store';

import type { NodeRecord } from '@bessemer/protocol/node/record';

export type PostureQuestion = {
  readonly node: NodeRecord;
  readonly doors: readonly BmcAccountDoor[];
  /** A login that works. */
  readonly as: Credential;
  /** Accounts of the service: their passwords were drawn by it, so none is guessed. */
  readonly ownNames: readonly string[];
  /** Accounts of others that may be there. */
  readonly foreignNames: readonly string[];
  /** As the machine tells it. */
  readonly manufacturer: string | null;
  /** Logs in, within whatever budget the caller keeps beside that of the driver. */
  readonly prove?: (door: BmcAccountDoor, as: Credential) => Promise<void>;
};
