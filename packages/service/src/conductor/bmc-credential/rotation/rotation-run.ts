// One rotation while a process works on it: what is stored of it, what it may use, and what only this process knows.

import { Failure } from '@bessemer/protocol/errors/failure';
import type { BMC_EVENTS } from '@bessemer/protocol/events/bmc-events';
import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { Clock } from '#clock';
import type { BmcAccountDoor } from '#drivers/bmc-accounts';
import type {
  BmcCredentialChanges,
  BmcCredentialRecord,
  BmcSlot,
  BmcSlotName,
  SecretRef,
} from '#store/bmc-credentials';
import type {
  RotationChanges,
  RotationPause,
  RotationRecord,
  RotationWork,
} from '#store/bmc-rotations';
import type { Queryable, Store } from '#store/database';
import type { RotationPhase } from '#trust/bmc-credential/rotation-phases';
import type { KeyRing } from '#trust/key-ring';
import type { Credential, SecretStore } from '#trust/secret-store/secret-store';

import type { InBandDoor } from '../in-band/in-band.ts';
import type { BmcCredentialOptions } from '../options.ts';

export type RotationEvent = {
  readonly name: keyof typeof BMC_EVENTS;
  readonly detail?: JsonObject;
};

export type RotationParts = {
  readonly store: Store;
  readonly secrets: SecretStore;
  readonly keys: Pick<KeyRing, 'seal' | 'open'>;
  readonly clock: Clock;
  readonly options: BmcCredentialOptions;
  /** In the transaction of what it tells of. */
  readonly note: (
    queryable: Queryable,
    node: Pick<NodeRecord, 'uuid'>,
    event: RotationEvent,
  ) => Promise<void>;
  /** Another password is in use. Not waited for. */
  readonly onCommitted?: ((node: NodeRecord['uuid']) => void) | undefined;
  /** For tests that stop the process anywhere: called around each commit, and each call of store and BMC. */
  readonly faultPoint?:
    | ((name: string, when: 'before' | 'after') => void | Promise<void>)
    | undefined;
};

export type RotationRun = {
  readonly parts: RotationParts;
  /** At least one; the node's own protocol first. */
  readonly doors: readonly BmcAccountDoor[];
  /** Undefined: there is no agent to ask. */
  readonly inBand: InBandDoor | undefined;
  readonly fence: number;
  /** What was read from the store in this process, by place. */
  readonly known: Map<string, Credential>;
  /** The phase that this process itself committed: its act was not begun by another one. */
  entered: RotationPhase | undefined;
  node: NodeRecord;
  rotation: RotationRecord;
  credential: BmcCredentialRecord;
};

/** What is waited for, in the words of `why`. */
export type RotationWait = Omit<RotationPause, 'sinceMs' | 'untilMs'> & {
  readonly lookAfterMs: number;
};

/** What the act of a phase leads to: another phase, or the same one once more. */
export type Go = {
  readonly kind: 'go';
  readonly phase: RotationPhase;
  readonly changes?: Omit<RotationChanges, 'phase' | 'work'>;
  readonly work?: Partial<RotationWork>;
  readonly credential?: (record: BmcCredentialRecord) => BmcCredentialChanges;
  readonly events?: readonly RotationEvent[];
  /** For the log of the rotation. Never a secret. */
  readonly detail?: JsonObject;
  readonly also?: (queryable: Queryable) => Promise<void>;
};

export type Pause = {
  readonly kind: 'wait';
  readonly wait: RotationWait;
  readonly isLocked?: boolean;
  /** The only account was told nothing, or in vain: what it had works on. */
  readonly isLoginKept?: boolean;
  readonly events?: readonly RotationEvent[];
};

export type Next = Go | Pause;

export type Act = (run: RotationRun) => Promise<Next>;

/** The account that the rotation changes. */
export const targetOf = ({ rotation }: RotationRun): BmcSlotName => {
  if (rotation.slot === null) throw new Error(`rotation ${rotation.id} has no slot yet`);
  return rotation.slot;
};

/** The account is changed by its own login, so that one password goes when the other comes. */
export const isOwnChange = ({ rotation: { slot, work } }: RotationRun): boolean =>
  work.login?.by === 'slot' && work.login.slot === slot;

/** The BMC wants the password of the account changed before anything else, and this is that change. */
export const isDemandMet = (run: RotationRun): boolean =>
  run.rotation.work.demanded != null && isOwnChange(run);

export const candidateOf = ({ rotation }: RotationRun): SecretRef => {
  if (rotation.candidate === null) throw new Error(`rotation ${rotation.id} has no candidate yet`);
  return rotation.candidate;
};

export const primaryDoor = ({ doors }: RotationRun): BmcAccountDoor => {
  const [door] = doors;
  if (door === undefined)
    throw new Failure('bmc.unsupported', 'The BMC has no accounts to manage.');
  return door;
};

export const withSlot = (
  { slots }: Pick<BmcCredentialRecord, 'slots'>,
  name: BmcSlotName,
  changes: Partial<BmcSlot>,
): Pick<BmcCredentialRecord, 'slots'> => ({
  slots: { ...slots, [name]: { ...slots[name], ...changes } },
});

/** Runs something that a test may stop before or after. */
export const atFaultPoint = async <T>(
  { parts }: Pick<RotationRun, 'parts'>,
  name: string,
  work: () => Promise<T>,
): Promise<T> => {
  await parts.faultPoint?.(name, 'before');
  try {
    return await work();
  } finally {
    // What was refused was asked, too.
    await parts.faultPoint?.(name, 'after');
  }
};
