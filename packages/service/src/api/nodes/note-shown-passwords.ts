// Whoever is shown passwords of BMCs by the rule `show_password` is in the audit log with it, before the answer goes out.

import type { FastifyRequest } from 'fastify';

import type { JsonObject, JsonValue } from '@bessemer/protocol/json';
import { isSecretKey } from '@bessemer/protocol/node/mask';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { ApiParts } from '../api-parts.ts';

/** Where the service keeps the password itself, driver_info names its place in the store. */
const REFERENCE_PREFIX = 'bmc-secret:';

const isPassword = ([key, value]: [string, JsonValue]): boolean =>
  isSecretKey(key) &&
  typeof value === 'string' &&
  value !== '' &&
  !value.startsWith(REFERENCE_PREFIX);

export type ShownInfo = { readonly uuid: string; readonly driverInfo: JsonObject };

export const noteShownPasswords = async (
  parts: ApiParts,
  request: FastifyRequest,
  shown: readonly ShownInfo[],
): Promise<void> => {
  const nodes = shown.filter(({ driverInfo }) => Object.entries(driverInfo).some(isPassword));
  const [first, ...more] = nodes;
  if (first === undefined) return;
  // A list is one line: a page may have a thousand nodes.
  const about = more.length === 0 ? { nodeUuid: first.uuid as NodeUuid } : {};
  await parts.conductor.noteEvent({
    name: 'bmc.reveal',
    ...about,
    source: request.ip,
    requestId: request.id,
    outcome: 'seen',
    detail: { reason: 'show_password', user: request.user, nodes: nodes.length },
    text: 'Passwords of driver_info were shown to a caller whom the rule show_password lets see them.',
  });
};
