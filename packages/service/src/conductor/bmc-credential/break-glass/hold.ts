// A node is held while a person uses a password of its BMC that they were shown: nothing rotates it under their hands. A
// hold of this kind ends by itself, and then the password is rotated at once, because somebody knows it. What happens
// meanwhile, more exports, openings or a freeze, cannot move its end beyond the time that one export gives, counted from
// when the password was shown first.

import type { NodeUuid } from '@bessemer/protocol/uuid';

import {
  type BmcCredentialRecord,
  type BmcHold,
  changeBmcCredential,
  findBmcCredential,
  listHeldBmcCredentials,
} from '#store/bmc-credentials';

import { type EventParts, noteEvent } from '../../trust-events.ts';
import type { BreakGlassDoor, OpenedAnswer } from './break-glass-door.ts';
import { restingState } from '../rotation/end-rotation.ts';

type Shown = {
  readonly reason: string;
  readonly nowMs: number;
  /** How long a hold lasts that begins now. */
  readonly holdMs: number;
};

type Held = Pick<BmcCredentialRecord, 'state' | 'frozen' | 'nextDueMs'>;

const holdUntil = ({ state, nextDueMs }: Held, frozen: BmcHold, untilMs: number) => ({
  // A rotation that is under way ends first; it sees the hold when it does.
  state: state === 'rotating' ? ('rotating' as const) : ('frozen' as const),
  frozen: { ...frozen, untilMs },
  nextDueMs: Math.min(untilMs, nextDueMs ?? untilMs),
});

/** When the password was shown first, in the hold that is on. */
const shownSinceMs = ({ frozen }: Held): number | undefined =>
  frozen?.untilMs === undefined ? undefined : frozen.atMs;

/** Somebody asked for it, and has the time that an export gives. */
export const heldByExport = (record: Held, { reason, nowMs, holdMs }: Shown) => {
  const atMs = shownSinceMs(record) ?? nowMs;
  return holdUntil(record, { reason, atMs }, atMs + holdMs);
};

/** A file was opened: what an export gave stays. */
export const heldByOpening = (record: Held, { reason, nowMs, holdMs }: Shown) => {
  const atMs = shownSinceMs(record) ?? nowMs;
  const untilMs = record.frozen?.untilMs ?? nowMs + holdMs;
  return holdUntil(record, { reason: record.frozen?.reason ?? reason, atMs }, untilMs);
};

/** Long enough to log in with it and look around. Who needs more exports the login. */
const OPENED_HOLD_MS = 3_600_000;

const isOf = ({ slots }: BmcCredentialRecord, writeId: string | undefined): boolean =>
  writeId !== undefined &&
  Object.values(slots).some(({ ref, possible }) => ref === writeId || possible.includes(writeId));

export const noteOpened = async (
  events: EventParts,
  nodeUuid: NodeUuid,
  { caller, writeId, reason }: Parameters<BreakGlassDoor['noteBmcOpened']>[1],
): Promise<OpenedAnswer> => {
  const { store, clock } = events;
  return store.transaction(async (transaction) => {
    const nowMs = clock.wallMs();
    const before = await findBmcCredential(transaction, nodeUuid);
    const isCurrent = before !== undefined && isOf(before, writeId);
    // A file that could not be read may be the one of the password in use.
    const isHeld = isCurrent || (before !== undefined && writeId === undefined);
    const held = isHeld
      ? await changeBmcCredential(transaction, nodeUuid, (record) =>
          heldByOpening(record, {
            reason: reason ?? 'a break-glass file was opened',
            nowMs,
            holdMs: OPENED_HOLD_MS,
          }),
        )
      : undefined;
    await noteEvent(transaction, events, {
      name: 'bmc.reveal',
      nodeUuid,
      source: caller.sourceAddress,
      requestId: caller.requestId,
      outcome: 'changed',
      detail: { user: caller.user, reason: reason ?? null, write: writeId ?? null, isCurrent },
    });
    return { isCurrent, rotatesAtMs: held?.frozen?.untilMs ?? null };
  });
};

const PAGE = 200;

/** Ends the holds whose time has come; the nodes of which the password is to be rotated now. */
export const endHolds = async (events: EventParts): Promise<readonly NodeUuid[]> => {
  const { store, clock } = events;
  const ended: NodeUuid[] = [];
  for (let after = ''; ;) {
    const page = await listHeldBmcCredentials(store.db, after, PAGE);
    for (const record of page) {
      if ((record.frozen?.untilMs ?? Infinity) > clock.wallMs()) continue;
      if (await endHold(events, record.nodeUuid)) ended.push(record.nodeUuid);
    }
    const last = page.at(-1);
    if (last === undefined) return ended;
    after = last.nodeUuid;
  }
};

const endHold = (events: EventParts, nodeUuid: NodeUuid): Promise<boolean> =>
  events.store.transaction(async (transaction) => {
    const nowMs = events.clock.wallMs();
    let isEnded = false;
    await changeBmcCredential(transaction, nodeUuid, (record) => {
      isEnded = (record.frozen?.untilMs ?? Infinity) <= nowMs;
      if (!isEnded) return {};
      const state =
        record.state === 'rotating' ? 'rotating' : restingState({ ...record, frozen: null });
      return { frozen: null, state, nextDueMs: nowMs };
    });
    if (!isEnded) return false;
    await noteEvent(transaction, events, {
      name: 'bmc.thawed',
      nodeUuid,
      outcome: 'changed',
      detail: { reason: 'the time of the hold is over' },
    });
    return true;
  });
