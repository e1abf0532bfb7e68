// Where the credentials of BMCs lie. What is written here is written before any BMC is told of it, so a store answers
// `put` only when the version is durable, and the same write twice, or a write whose answer was lost, is one version.
//
// Versions of one place (a slot of a node) are numbered, the numbers only rise, and a version never changes. `writeId`
// is made by the writer: what was stored with it first stays, whatever comes with it later; read back and compare. Once
// its version is destroyed it is not to be used again. Rows refer to a version by its `writeId` (see
// secret-reference.ts): in another store it has another number.
//
// All but `health` throw Failure with a code `secret-store.*`. After `away` and `protocol` a write may have been done
// or not, now or a little later: it is to be asked for by its `writeId`, or written once more with the same.

import type { Failure } from '@bessemer/protocol/errors/failure';

import type { Secret } from '../secret.ts';

export type SecretPlace = {
  readonly nodeUuid: string;
  /** See SLOT_PATTERN. */
  readonly slot: string;
};

export type Credential = { readonly username: string; readonly password: Secret<string> };

export type SecretVersion = SecretPlace & {
  readonly version: number;
  /** By the clock of the store. */
  readonly createdMs: number;
};

export type StoredCredential = SecretVersion & {
  readonly writeId: string;
  readonly credential: Credential;
};

export type SecretWrite = {
  readonly place: SecretPlace;
  /** See WRITE_ID_PATTERN. */
  readonly writeId: string;
  readonly credential: Credential;
  /** The newest version that the store told the writer of, destroyed ones too, 0 for none; any when undefined. */
  readonly afterVersion?: number;
};

export type SecretStoreHealth =
  | { readonly state: 'ready' }
  | { readonly state: 'sealed' | 'unauthorised' | 'away'; readonly failure: Failure };

export type SecretStoreKind = 'embedded' | 'vault' | 'barbican';

export type SecretStore = {
  readonly kind: SecretStoreKind;
  /** Durable on return. Throws `conflict` when there is a newer version than `afterVersion`. */
  readonly put: (write: SecretWrite) => Promise<SecretVersion>;
  /** The newest that is not destroyed when no version is asked for. Throws `gone`. */
  readonly get: (place: SecretPlace, version?: number) => Promise<StoredCredential>;
  /** What a reference stands for. Throws `gone`. */
  readonly getWrite: (place: SecretPlace, writeId: string) => Promise<StoredCredential>;
  /** For recovery: what became of a write. Undefined when it is not there, or destroyed. */
  readonly findWrite: (place: SecretPlace, writeId: string) => Promise<SecretVersion | undefined>;
  /** Of all slots of a node, without those that are destroyed; by slot, then the newest first. */
  readonly list: (nodeUuid: string) => Promise<readonly SecretVersion[]>;
  /** The nodes that have or had secrets, for the sweep of those that nobody names. */
  readonly listNodes: () => AsyncIterable<string>;
  /** Cannot be undone. Done, too, when it is gone already. */
  readonly destroy: (place: SecretPlace, version: number) => Promise<void>;
  /** Never throws for what the world does. Also renews what the store is spoken to with: ask now and then. */
  readonly health: () => Promise<SecretStoreHealth>;
  readonly close: () => Promise<void>;
};

/** In paths and names of every store. */
export const SLOT_PATTERN = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;
export const WRITE_ID_PATTERN = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?$/;
const NODE_PATTERN = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Throws for what would get elsewhere than to its place: a defect of the caller. */
export const checkPlace = ({ nodeUuid, slot }: SecretPlace): void => {
  if (!NODE_PATTERN.test(nodeUuid)) throw new Error(`${nodeUuid} is not the UUID of a node`);
  if (!SLOT_PATTERN.test(slot)) throw new Error(`${slot} is not the name of a slot`);
};

export const checkWrite = ({ place, writeId }: Pick<SecretWrite, 'place' | 'writeId'>): void => {
  checkPlace(place);
  if (!WRITE_ID_PATTERN.test(writeId)) throw new Error(`${writeId} is not the id of a write`);
};

/** Without what the version holds. */
export const versionPart = ({
  nodeUuid,
  slot,
  version,
  createdMs,
}: SecretVersion): SecretVersion => ({ nodeUuid, slot, version, createdMs });

/** `list` of every store is in this order. */
export const bySlotNewestFirst = (one: SecretVersion, other: SecretVersion): number =>
  one.slot === other.slot ? other.version - one.version : one.slot < other.slot ? -1 : 1;
