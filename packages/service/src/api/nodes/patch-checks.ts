// What a patch may not do to a node, given the state it is in. The order is the API's.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { offers } from '@bessemer/protocol/microversion/features';
import type { PatchOperation } from '@bessemer/protocol/node/patch';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import { type ProvisionState, stateRow } from '@bessemer/protocol/node/states';

import type { PatchedValues } from './patch-document.ts';

/** States in which what a node is made of may change. */
const OPEN_STATES: ReadonlySet<ProvisionState> = new Set([
  'enroll',
  'inspecting',
  'inspect wait',
  'manageable',
  'available',
]);

/** Before the patch is applied: is this node open for patches at all? */
export const refuseClosedNode = (
  node: NodeRecord,
  operations: readonly PatchOperation[],
  minor: number,
): void => {
  const state = node.provisionState;
  const isFreeing =
    node.maintenance &&
    operations.length === 1 &&
    operations[0]?.op === 'remove' &&
    operations[0].path.join('/') === 'instance_uuid';
  if (
    node.targetProvisionState !== null &&
    !stateRow(state).isPatchableWhileTargetSet &&
    !isFreeing
  ) {
    throw new Refusal(
      409,
      `Node ${node.uuid} can not be updated while a state transition is in progress.`,
    );
  }
  if (state === 'inspecting' && offers(minor, 'inspect-wait-state')) {
    throw new Refusal(409, `Cannot update node "${node.uuid}" while it is in state "inspecting".`);
  }
};

/** After it is applied: is each change allowed in this state? */
export const refuseClosedFields = (node: NodeRecord, patched: PatchedValues): void => {
  const { changes, interfaces, fields } = patched;
  const isOpen = OPEN_STATES.has(node.provisionState) || node.maintenance;
  if (fields.has('driver') && node.consoleEnabled) {
    throw new Refusal(
      409,
      `Node ${node.uuid} can not change its driver while its console is enabled.`,
    );
  }
  const kind = Object.keys(interfaces)[0];
  if (kind !== undefined && !isOpen) throw notInState(node, `${kind}_interface`);
  // Another driver means other interfaces, kept or reset.
  if (fields.has('driver') && !isOpen) throw notInState(node, 'driver');
  if (
    typeof changes['instanceUuid'] === 'string' &&
    node.instanceUuid !== null &&
    changes['instanceUuid'] !== node.instanceUuid
  ) {
    throw new Refusal(409, `Node ${node.uuid} is associated with instance ${node.instanceUuid}.`);
  }
  if (changes['instanceUuid'] === null && node.allocationUuid !== null && !isOpen) {
    throw notInState(node, 'instance_uuid');
  }
  refuseProtection(node, changes);
  refuseRetirement(node, changes);
  if (fields.has('resource_class') && node.resourceClass !== null && !isOpen) {
    throw notInState(node, 'resource_class');
  }
};

const notInState = (node: NodeRecord, field: string): Refusal =>
  new Refusal(
    409,
    `Node ${node.uuid} can not have ${field} updated unless it is in one of allowed ` +
      `(${[...OPEN_STATES].join(', ')}) states or in maintenance mode.`,
  );

const refuseProtection = (node: NodeRecord, changes: PatchedValues['changes']): void => {
  const isProtected = changes['protected'] ?? node.protected;
  const isRight = node.provisionState === 'active' || node.provisionState === 'rescue';
  if (changes['protected'] === true && !isRight) {
    throw new Refusal(
      409,
      `Node ${node.uuid} can not be protected in state ${node.provisionState}, only in active or rescue.`,
    );
  }
  if (isProtected !== true && typeof changes['protectedReason'] === 'string') {
    throw new Refusal(400, 'The protected_reason field can only be set when protected is True');
  }
};

const refuseRetirement = (node: NodeRecord, changes: PatchedValues['changes']): void => {
  const isRetired = changes['retired'] ?? node.retired;
  if (changes['retired'] === true && node.provisionState === 'available') {
    throw new Refusal(
      409,
      `Node ${node.uuid} can not be retired in the available state; move it to manageable first.`,
    );
  }
  if (isRetired !== true && typeof changes['retiredReason'] === 'string') {
    throw new Refusal(400, 'The retired_reason field can only be set when retired is True');
  }
};

/** What changes along with what was asked for. */
export const impliedChanges = (
  node: NodeRecord,
  changes: PatchedValues['changes'],
): { readonly [property: string]: null | string } => ({
  ...(changes['maintenance'] === false ? { maintenanceReason: null, fault: null } : {}),
  ...(changes['retired'] === false ? { retiredReason: null } : {}),
  ...(changes['protected'] === false ? { protectedReason: null } : {}),
});
