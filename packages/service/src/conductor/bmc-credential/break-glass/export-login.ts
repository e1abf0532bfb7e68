// Gives the login at a BMC to a person: sealed to a key of theirs, and never otherwise. Before the answer goes out, the
// export, who asked, who approved and why are in the audit log, and the node is held for the last time with this
// password: when the hold ends it is rotated.

import { randomUUID } from 'node:crypto';

import { storedFailure } from '@bessemer/protocol/errors/failure';
import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { changeBmcCredential, findBmcCredential } from '#store/bmc-credentials';
import {
  type BmcExportRecord,
  countBmcExports,
  findBmcExport,
  giveBmcExport,
  insertBmcExport,
} from '#store/bmc-exports';
import { findOpenRotation } from '#store/bmc-rotations';
import { passGate } from '#store/gates';
import { parseRecipient, type Recipient, RecipientInvalid } from '#trust/break-glass/recipient';
import type { SecretStore } from '#trust/secret-store/secret-store';
import { troubleOf } from '#trust/secret-store/store-failure';

import type { SessionCaller } from '../../conductor.ts';
import { requireNode } from '../../provision/request-provision.ts';
import { type EventParts, noteEvent } from '../../trust-events.ts';
import { type ActiveLogin, activeLogin, sealActiveLogin } from './active-login.ts';
import type { BreakGlassDoor, ExportAnswer } from './break-glass-door.ts';
import type { BreakGlassOptions } from './break-glass-options.ts';
import { heldByExport } from './hold.ts';

export type ExportParts = {
  readonly events: EventParts;
  readonly secrets: Pick<SecretStore, 'getWrite'>;
  readonly options: Omit<BreakGlassOptions, 'kit'>;
};

const HOUR_MS = 3_600_000;
/** Who does not find a second person by then asks again. */
const REQUEST_MS_MAX = HOUR_MS;

const aboutCaller = ({ sourceAddress, requestId }: SessionCaller) => ({
  source: sourceAddress,
  requestId,
});

/** Throws Refusal. */
const recipientIn = (text: string): Recipient => {
  try {
    return parseRecipient(text);
  } catch (error) {
    if (!(error instanceof RecipientInvalid)) throw error;
    throw new Refusal(400, `Invalid recipient: ${error.message}.`);
  }
};

export const requestExport = async (
  parts: ExportParts,
  nodeUuid: NodeUuid,
  { caller, reason, recipient: given }: Parameters<BreakGlassDoor['requestBmcExport']>[1],
): Promise<ExportAnswer> => {
  const { events, options } = parts;
  const { store, clock } = events;
  const recipient = recipientIn(given);
  if (options.approvals > 1 && caller.user === null) {
    throw new Refusal(403, 'An export needs two persons, and the service does not know who asks.');
  }
  const found = await requireLogin(parts, nodeUuid);
  const nowMs = clock.wallMs();
  const request = {
    id: randomUUID(),
    nodeUuid,
    reason,
    recipient,
    requester: caller.user,
    requestedMs: nowMs,
  };
  await store.transaction(async (transaction) => {
    await passGate(transaction, 'bmc-export');
    const recent = await countBmcExports(transaction, nowMs - HOUR_MS);
    if (recent >= options.exportsPerHourMax) {
      throw new Refusal(
        429,
        `${recent} exports of passwords of BMCs were asked for within an hour, which is all that is allowed.`,
      );
    }
    await insertBmcExport(transaction, request);
    await noteEvent(transaction, events, {
      name: 'bmc.export.requested',
      nodeUuid,
      ...aboutCaller(caller),
      outcome: 'changed',
      detail: { export: request.id, user: caller.user, reason, recipient, slot: found.slot },
    });
  });
  if (options.approvals > 1) {
    return { state: 'requested', id: request.id, expiresMs: nowMs + REQUEST_MS_MAX };
  }
  return give(parts, { ...request, approver: null, givenMs: null }, caller);
};

export const approveExport = async (
  parts: ExportParts,
  nodeUuid: NodeUuid,
  { caller, id }: Parameters<BreakGlassDoor['approveBmcExport']>[1],
): Promise<ExportAnswer> => {
  const { store, clock } = parts.events;
  const request = await findBmcExport(store.db, nodeUuid, id);
  if (request === undefined)
    throw new Refusal(404, `Node ${nodeUuid} has no such export to approve.`);
  if (request.givenMs !== null) throw alreadyGiven(id);
  if (clock.wallMs() - request.requestedMs > REQUEST_MS_MAX) {
    throw new Refusal(
      409,
      `Export ${id} was asked for too long ago. It has to be asked for again.`,
    );
  }
  if (caller.user === null || caller.user === request.requester) {
    throw new Refusal(
      403,
      `Export ${id} has to be approved by another person than who asked for it.`,
    );
  }
  return give(parts, request, caller);
};

const alreadyGiven = (id: string): Refusal =>
  new Refusal(409, `Export ${id} was given already. It has to be asked for again.`);

const isRotating = (nodeUuid: NodeUuid): Refusal =>
  new Refusal(
    409,
    `The credentials of the BMC of node ${nodeUuid} are being rotated. Ask again when it is done.`,
  );

/** Throws Refusal where there is nothing to give, or it is about to change. */
const requireLogin = async (
  { events: { store } }: ExportParts,
  nodeUuid: NodeUuid,
): Promise<ActiveLogin> => {
  const node = await requireNode(store.db, nodeUuid);
  const record = await findBmcCredential(store.db, nodeUuid);
  const login = record === undefined ? undefined : activeLogin(node, record);
  if (login === undefined) {
    throw new Refusal(
      409,
      `The service keeps no credentials of the BMC of node ${nodeUuid}. Nothing was exported.`,
    );
  }
  if ((await findOpenRotation(store.db, nodeUuid)) !== undefined) throw isRotating(nodeUuid);
  return login;
};

const give = async (
  parts: ExportParts,
  request: BmcExportRecord,
  caller: SessionCaller,
): Promise<ExportAnswer> => {
  const { events, options } = parts;
  const { store, clock } = events;
  const { id, nodeUuid, reason, recipient } = request;
  const isApproval = caller.user !== request.requester;
  const found = await requireLogin(parts, nodeUuid);
  const file = await sealed(parts, found, recipient as Recipient);
  const nowMs = clock.wallMs();
  const frozenUntilMs = await store.transaction(async (transaction) => {
    const approver = isApproval ? caller.user : null;
    if (!(await giveBmcExport(transaction, id, { approver, nowMs }))) throw alreadyGiven(id);
    if ((await findOpenRotation(transaction, nodeUuid)) !== undefined) throw isRotating(nodeUuid);
    const held = await changeBmcCredential(transaction, nodeUuid, (record) => {
      if (record.slots[found.slot].ref !== found.writeId) throw isRotating(nodeUuid);
      return heldByExport(record, { reason, nowMs, holdMs: options.holdMs });
    });
    const about = { nodeUuid, ...aboutCaller(caller), outcome: 'changed' as const };
    const detail = { export: id, user: caller.user, reason, recipient };
    if (isApproval) {
      const asked = { ...detail, requester: request.requester };
      await noteEvent(transaction, events, {
        ...about,
        name: 'bmc.export.approved',
        detail: asked,
      });
    }
    await noteEvent(transaction, events, {
      ...about,
      name: 'bmc.export.done',
      detail: { ...detail, slot: found.slot, username: found.username, write: found.writeId },
    });
    return held?.frozen?.untilMs ?? nowMs;
  });
  return { state: 'given', id, file, frozenUntilMs };
};

/** Throws Refusal. */
const sealed = async (
  { secrets, events: { clock } }: ExportParts,
  login: ActiveLogin,
  recipient: Recipient,
): Promise<string> => {
  try {
    return (await sealActiveLogin({ secrets, clock }, login, [recipient])).toString();
  } catch (error) {
    if (error instanceof RecipientInvalid) {
      throw new Refusal(400, `Invalid recipient: ${error.message}.`);
    }
    if (troubleOf(error) === undefined) throw error;
    throw new Refusal(503, storedFailure(error).text);
  }
};
