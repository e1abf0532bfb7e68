// A verb of PUT states/provision: checked, then the state change, the workflow and the lease in one transaction.
// When it returns the request is stored, and no killed process can lose it.

import type { Transaction } from 'kysely';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonObject } from '@bessemer/protocol/json';
import { refuseDisallowed } from '@bessemer/protocol/node/disallowed-steps';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import { type ProvisionState, stateRow } from '@bessemer/protocol/node/states';
import { PROVISION_VERBS } from '@bessemer/protocol/node/verbs';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { Queryable } from '#store/database';
import { holdNode } from '#store/held-node';
import { claimLease, isLeased, releaseLease } from '#store/leases';
import { findNode, type NodeChanges, updateNode } from '#store/nodes';
import type { Schema } from '#store/schema';
import { findOpenWorkflow, updateWorkflow, type WorkflowRecord } from '#store/workflows';

import { cryptSha256 } from '#trust/sha256-crypt';

import { CATALOG } from '../catalog.ts';
import type { ProvisionRequest } from '../conductor.ts';
import type { ConductorParts } from '../conductor-parts.ts';
import { RESCUE_PASSWORD_KEY } from '../rescue/rescue.ts';
import { withHoldEnded } from '../steps/reserved-steps.ts';
import { abortedText, isInterruptible, withAbortAfterStep } from '../workflow/abort.ts';
import { withCaller } from '../workflow/asked-by.ts';
import { beginWorkflow } from '../workflow/begin-workflow.ts';
import { endForOther } from '../workflow/give-way.ts';
import { stateChange } from '../workflow/state-change.ts';
import type { Scheduler } from '../scheduler.ts';
import { checkProtection, checkRequest } from './check-request.ts';
import { plannedWorkflow } from './planned-workflow.ts';
import { withTemplateSteps } from './template-steps.ts';

export const nodeLocked = (
  node: Pick<NodeRecord, 'uuid' | 'reservation'>,
  hostname: string,
): Refusal =>
  new Refusal(
    409,
    `Node ${node.uuid} is locked by host ${node.reservation ?? hostname}, please retry after the current operation is completed.`,
  );

const notPossible = (request: ProvisionRequest, node: NodeRecord): Refusal =>
  new Refusal(
    400,
    `The requested action "${request.verb}" can not be performed on node "${node.uuid}" while it is in state "${node.provisionState}".`,
  );

export const noWorker = (): Refusal =>
  new Refusal(
    503,
    'Requested action cannot be performed due to lack of free conductor workers. Please retry later.',
  );

const nodeMissing = (uuid: NodeUuid): Refusal =>
  new Refusal(404, `Node ${uuid} could not be found.`);

export const requireNode = async (queryable: Queryable, uuid: NodeUuid): Promise<NodeRecord> => {
  const node = await findNode(queryable, uuid);
  if (node === undefined) throw nodeMissing(uuid);
  return node;
};

/**
 * The node as it is, and stays until the transaction is over: on PostgreSQL whoever works on it may end that between
 * two reads. Before its lease, as everybody takes them.
 */
export const requireHeldNode = async (
  transaction: Transaction<Schema>,
  uuid: NodeUuid,
): Promise<NodeRecord> => {
  const node = await holdNode(transaction, uuid);
  if (node === undefined) throw nodeMissing(uuid);
  return node;
};

/** What the request itself changes on the node, beside its state. */
const requestedChanges = (
  request: ProvisionRequest,
  node: NodeRecord,
  hashedPassword: string | undefined,
): NodeChanges => {
  if (request.verb === 'abort') {
    return { lastError: node.provisionState === 'service failed' ? null : abortedText(node) };
  }
  if (request.verb === 'unhold') return {};
  const added: JsonObject = {
    ...(request.configDrive === undefined ? {} : { configdrive: request.configDrive }),
    ...(hashedPassword === undefined ? {} : { [RESCUE_PASSWORD_KEY]: hashedPassword }),
  };
  if (Object.keys(added).length === 0) return { lastError: null };
  return { lastError: null, instanceInfo: { ...node.instanceInfo, ...added } };
};

/** Manual cleaning aims at manageable, however it ends. */
const targetOverride = (
  request: ProvisionRequest,
  open: WorkflowRecord | undefined,
): ProvisionState | undefined => {
  if (request.verb === 'clean') return 'manageable';
  return open === undefined ? undefined : CATALOG.kinds.get(open.kind)?.targetOverride?.(open);
};

type Stored = { readonly fence: number } | undefined;

/** A request as it is judged inside the transaction. */
type Asked = {
  readonly node: NodeRecord;
  readonly request: ProvisionRequest;
  readonly changes: NodeChanges;
  readonly open: WorkflowRecord | undefined;
  readonly fence: number;
  readonly nowMs: number;
};

export const requestProvision = async (
  parts: ConductorParts,
  { owner, isFull }: Pick<Scheduler, 'owner' | 'isFull'>,
  uuid: NodeUuid,
  asked: ProvisionRequest,
): Promise<Stored> => {
  const { event } = PROVISION_VERBS[asked.verb];
  // Checked before the transaction as well: validation may be slow, and a refusal needs no write.
  const seen = await requireNode(parts.store.db, uuid);
  if (Object.hasOwn(stateRow(seen.provisionState).transitions, event)) {
    checkProtection(seen, asked);
    if (isFull()) throw noWorker();
    checkRequest(parts, seen, asked);
  }
  const { rescuePassword } = asked;
  const hashed = rescuePassword === undefined ? undefined : cryptSha256(rescuePassword.reveal());
  return parts.store.transaction(async (transaction) => {
    const node = await requireHeldNode(transaction, uuid);
    const nowMs = parts.clock.wallMs();
    const isLocked = await isLeased(transaction, uuid, nowMs);
    const open = await findOpenWorkflow(transaction, uuid);
    const change = stateChange(node, event, nowMs, targetOverride(asked, open));
    if (change === undefined || !isFromApi(node, event)) {
      throw isLocked ? nodeLocked(node, parts.options.hostname) : notPossible(asked, node);
    }
    if (isLocked) throw nodeLocked(node, parts.options.hostname);
    // A workflow that is being brought to rest is not cut short: the machine would stay as it is.
    if (open !== undefined && (open.failure !== null || open.isAbortRequested)) {
      throw nodeLocked(node, parts.options.hostname);
    }
    checkRequest(parts, node, asked);
    const request = await withTemplateSteps(transaction, node, asked);
    // Templates too, which may be older than what the operator disallows today.
    refuseDisallowed(request.steps ?? [], parts.options.disallowedSteps);
    const fence = await claimLease(transaction, uuid, {
      owner,
      nowMs,
      leaseMs: parts.options.leaseMs,
    });
    if (fence === undefined) throw nodeLocked(node, parts.options.hostname);
    const changes = { ...requestedChanges(request, node, hashed), ...change };
    return store(parts, transaction, { node, request, changes, open, fence, nowMs });
  });
};

const store = async (
  parts: ConductorParts,
  transaction: Queryable,
  asked: Asked,
): Promise<Stored> => {
  const { node, request, changes, open, fence, nowMs } = asked;
  const claimed = { ...changes, reservation: parts.options.hostname };
  if (open !== undefined && request.verb === 'abort') {
    return storeAbort(transaction, asked, open, claimed);
  }
  if (open !== undefined && request.verb === 'unhold') {
    await updateNode(transaction, node.uuid, claimed);
    await updateWorkflow(transaction, open, fence, { context: withHoldEnded(open), isWoken: true });
    return { fence };
  }
  // Giving a node back ends whatever it was waiting in.
  if (open !== undefined) {
    await endForOther(transaction, { parts, workflow: open, fence }, request.verb);
  }
  const next = plannedWorkflow(parts, { ...node, ...changes }, request);
  if (next === undefined) {
    await updateNode(transaction, node.uuid, changes);
    await releaseLease(transaction, node.uuid, fence);
    return undefined;
  }
  await updateNode(transaction, node.uuid, claimed);
  await beginWorkflow(transaction, node.uuid, withCaller(next, request.caller), nowMs);
  return { fence };
};

/** A step that must not be interrupted ends first; the node stays as it is until then. */
const storeAbort = async (
  transaction: Queryable,
  { node, request, fence }: Asked,
  open: WorkflowRecord,
  claimed: NodeChanges,
): Promise<Stored> => {
  const asked = withCaller(open, request.caller);
  if (!isInterruptible(node, open)) {
    await updateWorkflow(transaction, open, fence, { context: withAbortAfterStep(asked) });
    await releaseLease(transaction, node.uuid, fence);
    return undefined;
  }
  await updateNode(transaction, node.uuid, claimed);
  await updateWorkflow(transaction, open, fence, {
    context: asked.context,
    isAbortRequested: true,
    isWoken: true,
    state: 'runnable',
  });
  return { fence };
};

const isFromApi = (node: NodeRecord, event: string): boolean =>
  stateRow(node.provisionState).transitions[event]?.source === 'api';
