// The part of the door between API and conductor that is about passwords of BMCs which persons get to see.

import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { SessionCaller } from '../../conductor.ts';

export type ExportAnswer =
  /** `file` is armored age; nobody but the holder of the recipient's key can read it. */
  | {
      readonly state: 'given';
      readonly id: string;
      readonly file: string;
      readonly frozenUntilMs: number;
    }
  /** A second person has to approve. */
  | { readonly state: 'requested'; readonly id: string; readonly expiresMs: number };

export type OpenedAnswer = {
  /** Whether the file that was opened has a password that may work. */
  readonly isCurrent: boolean;
  /** Null: nothing is kept for the node any more. */
  readonly rotatesAtMs: number | null;
};

/** Every method throws Refusal, and changes nothing when it does. */
export type BreakGlassDoor = {
  readonly requestBmcExport: (
    node: NodeUuid,
    request: {
      readonly caller: SessionCaller;
      readonly reason: string;
      /** As it was given: nothing of it is checked yet. */
      readonly recipient: string;
    },
  ) => Promise<ExportAnswer>;
  readonly approveBmcExport: (
    node: NodeUuid,
    approval: { readonly caller: SessionCaller; readonly id: string },
  ) => Promise<ExportAnswer>;
  /** Somebody is about to read a break-glass file. */
  readonly noteBmcOpened: (
    node: NodeUuid,
    opening: {
      readonly caller: SessionCaller;
      /** What the file says that it was taken from; undefined: it could not be read. */
      readonly writeId: string | undefined;
      readonly reason: string | undefined;
    },
  ) => Promise<OpenedAnswer>;
};
