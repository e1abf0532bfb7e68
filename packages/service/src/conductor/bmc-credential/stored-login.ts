// What drivers log in with at a BMC whose password the service keeps: the account in use, from the secret store. One
// refusal, and nobody but a rotation logs in to that BMC any more: where the password changed under our hands, each
// further try would bring the account nearer to being locked.

import { Failure } from '@bessemer/protocol/errors/failure';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { Clock } from '#clock';
import type { UseBmcLogin } from '#drivers/bmc-login';
import { isChangeDemanded } from '#drivers/change-demanded';
import {
  type BmcCredentialRecord,
  changeBmcCredential,
  findBmcCredential,
  type SecretRef,
} from '#store/bmc-credentials';
import type { Store } from '#store/database';
import { readReference } from '#trust/secret-store/secret-reference';
import type { SecretStore } from '#trust/secret-store/secret-store';

import { LOCKOUT_MS, withTry } from './rotation/login-tries.ts';

export type StoredLoginParts = {
  readonly store: Store;
  /** May answer from memory while the store is away. */
  readonly secrets: Pick<SecretStore, 'getWrite'>;
  readonly clock: Pick<Clock, 'wallMs'>;
};

const held = (why: string, remedy: string, seconds?: number): Failure =>
  new Failure('bmc.login-budget', `The BMC is not logged in to now: ${why}. ${remedy}`, {
    isRetryable: true,
    details: seconds === undefined ? {} : { seconds },
  });

/** The BMC may have another password than the row names as the one in use; proved or not, it is not put to use yet. */
export const isLoginChanging = ({
  activeSlot,
  slots,
}: Pick<BmcCredentialRecord, 'activeSlot' | 'slots'>): boolean =>
  activeSlot !== null && ['applying', 'verified'].includes(slots[activeSlot].state);

const requireFree = (record: BmcCredentialRecord, nowMs: number): void => {
  const { heldUntilMs, isPaused } = record;
  if (heldUntilMs !== null && heldUntilMs > nowMs) {
    const seconds = Math.ceil((heldUntilMs - nowMs) / 1_000);
    throw held('it locked an account', `It is tried again in ${seconds} s.`, seconds);
  }
  if (isPaused) {
    throw held(
      'it refused the password that it had taken before',
      'The service looks for a login that works; or call repair_bmc_credentials.',
    );
  }
  if (isLoginChanging(record)) {
    throw held('its only password is being changed', 'Try again in a minute.');
  }
};

type Trouble = {
  readonly username: string;
  readonly ref: SecretRef | null;
  readonly isLocked: boolean;
  /** False: the password is right, and good for nothing but its own change. */
  readonly isRefused: boolean;
};

const refInUse = ({ activeSlot, slots }: BmcCredentialRecord): SecretRef | null =>
  activeSlot === null ? null : slots[activeSlot].ref;

/**
 * Whoever is root of the machine may change the password as often as they like, and a BMC may refuse what it took a moment
 * before: each rotation writes passwords to the store.
 */
const SUSPICION_MS_MIN = 600_000;

const suspectedMs = ({ lastResult }: BmcCredentialRecord, nowMs: number): number =>
  lastResult?.outcome === 'succeeded'
    ? Math.max(nowMs, Math.min(nowMs, lastResult.atMs) + SUSPICION_MS_MIN)
    : nowMs;

export const makeStoredLogins = (parts: StoredLoginParts): UseBmcLogin => {
  const { store, secrets, clock } = parts;
  const noteTrouble = async (
    node: Pick<NodeRecord, 'uuid'>,
    { username, ref, isLocked, isRefused }: Trouble,
  ): Promise<void> => {
    const nowMs = clock.wallMs();
    await store.transaction((transaction) =>
      changeBmcCredential(transaction, node.uuid, (record) => {
        const tried = isRefused ? withTry(record, username, nowMs) : {};
        // What was refused went out of use while it was on its way.
        if (!isLocked && refInUse(record) !== ref) return tried;
        return {
          ...tried,
          isPaused: true,
          // A rotation finds out which password works.
          nextDueMs: suspectedMs(record, nowMs),
          ...(isLocked ? { heldUntilMs: nowMs + (record.limits.lockoutMs ?? LOCKOUT_MS) } : {}),
        };
      }),
    );
  };

  return async (node, given, work) => {
    const reference = readReference(given.password.reveal());
    if (reference === undefined) return work(given);
    const record = await findBmcCredential(store.db, node.uuid);
    if (record !== undefined) requireFree(record, clock.wallMs());
    // A node that was read some time ago may name what went out of use since.
    const slot = record?.activeSlot ?? reference.slot;
    const ref = record === undefined ? null : refInUse(record);
    const place = { nodeUuid: node.uuid, slot };
    const { credential } = await secrets.getWrite(place, ref ?? reference.writeId);
    try {
      return await work(credential);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const isLocked = error.code === 'bmc.locked';
      if (isLocked || error.code === 'bmc.credentials') {
        const { username } = credential;
        await noteTrouble(node, { username, ref, isLocked, isRefused: !isChangeDemanded(error) });
      }
      throw error;
    }
  };
};
