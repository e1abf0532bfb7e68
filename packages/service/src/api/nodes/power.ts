// PUT /v1/nodes/{node}/states/power.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonValue } from '@bessemer/protocol/json';
import { offers } from '@bessemer/protocol/microversion/features';
import type { NodeRecord, PowerTarget } from '@bessemer/protocol/node/record';

import type { ApiParts } from '../api-parts.ts';
import { notAcceptable } from '../error-envelope.ts';
import { readArguments, shown } from '../query.ts';
import type { Route } from '../route.ts';
import { askedBy } from './asked-by.ts';
import { identOf, requireNode } from './find-node.ts';

const TARGETS: ReadonlySet<string> = new Set(['power on', 'power off', 'rebooting']);
const SOFT_TARGETS: ReadonlySet<string> = new Set(['soft power off', 'soft rebooting']);

export const powerRoute = (parts: ApiParts): Route => ({
  method: 'PUT',
  path: '/v1/nodes/:ident/states/power',
  rule: 'baremetal:node:set_power_state',
  asked: 'with-object',
  handle: async (request, reply) => {
    const { target, timeout } = readArguments(request, ['target', 'timeout']);
    if (typeof target !== 'string') {
      throw new Refusal(400, 'Missing mandatory parameter: target');
    }
    const hasSoft = offers(request.minor, 'soft-power');
    if (
      (timeout !== undefined && timeout !== null && !hasSoft) ||
      (SOFT_TARGETS.has(target) && !hasSoft)
    ) {
      throw notAcceptable();
    }
    const timeoutMs = timeoutOf(timeout);
    const node = await requireNode(parts, request);
    const isKnown = TARGETS.has(target) || SOFT_TARGETS.has(target);
    const isCleaning = node.provisionState === 'cleaning' || node.provisionState === 'clean wait';
    if (!isKnown || isCleaning) throw notInState(target, node, isKnown);
    if (node.disablePowerOff && target.endsWith('off')) {
      throw new Refusal(409, `Node ${node.uuid} has power off disabled.`);
    }
    await parts.conductor.requestPower(node.uuid, target as PowerTarget, {
      timeoutMs,
      ...askedBy(request),
    });
    return reply
      .code(202)
      .header('location', `${request.base}/v1/nodes/${identOf(request)}/states`)
      .send();
  },
});

const notInState = (target: string, node: NodeRecord, isKnown: boolean): Refusal => {
  const state = isKnown ? node.provisionState : node.powerState;
  return new Refusal(
    400,
    `The requested action "${shown(target)}" can not be performed on node "${node.uuid}" while it is in state "${state}".`,
  );
};

/** Longer than this nobody waits for a machine. */
const TIMEOUT_SECONDS_MAX = 86_400;

const timeoutOf = (timeout: JsonValue | undefined): number | undefined => {
  if (timeout === undefined || timeout === null) return undefined;
  const seconds = typeof timeout === 'string' ? Number(timeout) : timeout;
  const isRight = typeof seconds === 'number' && Number.isInteger(seconds);
  if (isRight && seconds >= 1 && seconds <= TIMEOUT_SECONDS_MAX) return seconds * 1_000;
  throw new Refusal(400, `Expected a positive integer for timeout: ${shown(timeout)}`);
};
