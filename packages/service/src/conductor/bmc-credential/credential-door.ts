// The part of the door between API and conductor that is about credentials of BMCs. No answer has a password in it.

import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { Secret } from '#trust/secret';

import type { Caller } from '../conductor.ts';

export type BmcRotationWish = {
  readonly trigger: 'request' | 'adopt' | 'repair' | 'schedule' | 'suspicion' | 'discovery';
  readonly caller?: Caller | undefined;
  readonly path?: 'auto' | 'oob' | 'inband' | undefined;
  /** The account that is changed. */
  readonly slot?: 'a' | 'b' | undefined;
  /** What is done to the account that driver_info names, once another one works. */
  readonly given?: 'keep' | 'disable' | undefined;
  /** Though the node is in maintenance. */
  readonly isForced?: boolean | undefined;
};

/** Every method throws Refusal, and changes nothing when it does. */
export type BmcCredentialDoor = {
  /** Whether any of the others is of use for the node. */
  readonly keepsBmcCredentials: (node: NodeUuid) => Promise<boolean>;
  /** Stored as a workflow; returns the id of the rotation when stored. */
  readonly requestBmcRotation: (node: NodeUuid, wish: BmcRotationWish) => Promise<string>;
  /** The password is in the store when this returns; the rest is a rotation. */
  readonly setBmcPassword: (
    node: NodeUuid,
    given: { readonly password: Secret<string>; readonly caller?: Caller | undefined },
  ) => Promise<string>;
  readonly auditBmcAccounts: (node: NodeUuid) => Promise<JsonObject>;
  /** The same, and then mends what can be mended safely. Each item has its outcome. */
  readonly fixBmcAccounts: (
    node: NodeUuid,
    asked: { readonly caller?: Caller | undefined },
  ) => Promise<JsonObject>;
  readonly bmcCredentialStatus: (node: NodeUuid) => Promise<JsonObject>;
  readonly freezeBmcCredentials: (
    node: NodeUuid,
    hold: { readonly reason: string; readonly caller?: Caller | undefined },
  ) => Promise<void>;
  readonly thawBmcCredentials: (
    node: NodeUuid,
    caller?: { readonly caller?: Caller | undefined },
  ) => Promise<void>;
};
