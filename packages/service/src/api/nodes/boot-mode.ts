// PUT /v1/nodes/{node}/states/boot_mode and secure_boot: taken and stored; what the machine made of it, states shows.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonValue } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { RuleName } from '#policy/rules';

import type { ApiParts } from '../api-parts.ts';
import { asFlag, readArguments, shown } from '../query.ts';
import type { Route } from '../route.ts';
import { identOf, requireNode } from './find-node.ts';

type Change = (node: NodeRecord) => Promise<void>;

/** `read` throws Refusal(400) for a target that makes no sense. */
const targetRoute = (
  parts: ApiParts,
  name: string,
  rule: RuleName,
  read: (target: JsonValue) => Change,
): Route => ({
  method: 'PUT',
  path: `/v1/nodes/:ident/states/${name}`,
  rule,
  asked: 'with-object',
  since: 'boot-mode-change',
  handle: async (request, reply) => {
    const node = await requireNode(parts, request);
    const { target } = readArguments(request, ['target']);
    if (target === undefined) throw new Refusal(400, 'Missing mandatory parameter: target');
    await read(target)(node);
    return reply
      .code(202)
      .header('location', `${request.base}/v1/nodes/${identOf(request)}/states`)
      .send();
  },
});

export const bootModeRoutes = (parts: ApiParts): readonly Route[] => [
  targetRoute(parts, 'boot_mode', 'baremetal:node:set_boot_mode', (target) => {
    if (target !== 'uefi' && target !== 'bios') {
      throw new Refusal(
        400,
        `Invalid boot mode ${shown(target)} specified. It must be one of uefi, bios.`,
      );
    }
    return (node) => parts.conductor.setBootMode(node.uuid, target);
  }),
  targetRoute(parts, 'secure_boot', 'baremetal:node:set_secure_boot', (target) => {
    const isOn = asFlag('target', target) === true;
    return (node) => parts.conductor.setSecureBoot(node.uuid, isOn);
  }),
];
