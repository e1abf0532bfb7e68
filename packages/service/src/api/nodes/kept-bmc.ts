// What a change of driver_info could do to a BMC whose passwords the service keeps: send them to another place. Whoever
// says where a BMC is, or that its certificate is not looked at, is sent the password with the next login. So that is for
// those who may have the password in any case.

import type { FastifyRequest } from 'fastify';

import { findBmcCredential } from '#store/bmc-credentials';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import { may } from '../access/authorize.ts';
import { nodeTarget } from '../access/node-access.ts';
import type { ApiParts } from '../api-parts.ts';

/** Where a login goes, and to whom. */
const PLACES = [
  'redfish_address',
  'redfish_verify_ca',
  'redfish_pin',
  'ipmi_address',
  'ipmi_port',
] as const;

const RULE = 'bessemer:bmc:export';
const REFERENCE_PREFIX = 'bmc-secret:';

type Subject = Pick<NodeRecord, 'uuid' | 'owner' | 'lessee'>;

/** The row outlives the node: a new node of an old UUID is the same BMC. */
const hasKeptLogin = async ({ store }: ApiParts, uuid: NodeRecord['uuid']): Promise<boolean> => {
  const record = await findBmcCredential(store.db, uuid);
  if (record === undefined) return false;
  const { slots, given } = record;
  return [slots.a, slots.b].some(({ ref, possible }) => ref !== null || possible.length > 0)
    ? true
    : given !== null;
};

const isSame = (one: JsonObject, other: JsonObject, key: string): boolean =>
  JSON.stringify(one[key]) === JSON.stringify(other[key]);

/** Throws Refusal(403) where kept passwords would go to a place that the caller chose and may not. */
export const refuseMovedBmc = async (
  parts: ApiParts,
  request: FastifyRequest,
  node: Subject,
  { given, before }: { readonly given: JsonObject; readonly before: JsonObject },
): Promise<void> => {
  const moved = PLACES.filter((key) => !isSame(given, before, key));
  if (moved.length === 0 || !(await hasKeptLogin(parts, node.uuid))) return;
  if (await may(parts, request, RULE, nodeTarget(node))) return;
  throw new Refusal(
    403,
    `The service keeps the passwords of the BMC of node ${node.uuid}: who changes ${moved.join(', ')} in driver_info ` +
      `is sent them, and needs ${RULE}.`,
  );
};

/** References are for the service to write. `before`: with its secrets, for whoever may see them and writes them back. */
export const refuseReferences = (given: JsonObject, before: JsonObject): void => {
  const named = Object.entries(given).filter(
    ([key, value]) =>
      typeof value === 'string' &&
      value.startsWith(REFERENCE_PREFIX) &&
      !isSame(given, before, key),
  );
  if (named.length === 0) return;
  const keys = named.map(([key]) => key.slice(0, 100)).join(', ');
  throw new Refusal(400, `driver_info ${keys}: only the service names passwords that it keeps.`);
};
