// What an audit needs to know.

import type { BmcAccountDoor } from '#drivers/bmc-accounts';
import type { Credential } from '#trust/secret-store/secret-store';

import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { AccountPlace } from './posture-item.ts';

export type PostureQuestion = {
  readonly node: NodeRecord;
  readonly doors: readonly BmcAccountDoor[];
  /** A login that works. */
  readonly as: Credential;
  /** Accounts of the service: their passwords were drawn by it, so none is guessed. */
  readonly ownNames: readonly string[];
  /** Where they are, as far as that is known: somebody may have made others of the same name. */
  readonly ownPlaces?: readonly AccountPlace[];
  /** Accounts of others that may be there. */
  readonly foreignNames: readonly string[];
  /** False: nobody has looked yet who was there before the service. */
  readonly isSurveyed?: boolean;
  /** False: no password is tried. */
  readonly isGuessing?: boolean;
  /** As the machine tells it. */
  readonly manufacturer: string | null;
  /** Logs in, within whatever budget the caller keeps beside that of the driver. */
  readonly prove?: (door: BmcAccountDoor, as: Credential) => Promise<void>;
};
