// /v1/nodes/{node}/management/boot_device, what is supported, and the non-maskable interrupt.

import { Refusal } from '@bessemer/protocol/errors/refusal';

import type { ApiParts } from '../api-parts.ts';
import { asFlag, readArguments } from '../query.ts';
import type { Route } from '../route.ts';
import { requireNode } from './find-node.ts';

const PATH = '/v1/nodes/:ident/management/boot_device';

export const bootDeviceRoutes = (parts: ApiParts): readonly Route[] => [
  {
    method: 'GET',
    path: PATH,
    rule: 'baremetal:node:get_boot_device',
    asked: 'with-object',
    handle: async (request, reply) => {
      const node = await requireNode(parts, request);
      const { device, isPersistent } = await parts.conductor.fetchBootDevice(node.uuid);
      return reply
        .header('content-type', 'application/json')
        .send(JSON.stringify({ boot_device: device, persistent: isPersistent }));
    },
  },
  {
    method: 'PUT',
    path: PATH,
    rule: 'baremetal:node:set_boot_device',
    asked: 'with-object',
    handle: async (request, reply) => {
      const node = await requireNode(parts, request);
      const { boot_device: device, persistent } = readArguments(request, [
        'boot_device',
        'persistent',
      ]);
      if (typeof device !== 'string') {
        throw new Refusal(400, 'Missing mandatory parameter: boot_device');
      }
      const isPersistent = asFlag('persistent', persistent ?? undefined) ?? false;
      await parts.conductor.setBootDevice(node.uuid, device, { isPersistent });
      return reply.code(204).send();
    },
  },
  {
    method: 'GET',
    path: `${PATH}/supported`,
    rule: 'baremetal:node:get_boot_device',
    asked: 'with-object',
    handle: async (request, reply) => {
      const node = await requireNode(parts, request);
      const devices = await parts.conductor.supportedBootDevices(node.uuid);
      return reply
        .header('content-type', 'application/json')
        .send(JSON.stringify({ supported_boot_devices: devices }));
    },
  },
  {
    method: 'PUT',
    path: '/v1/nodes/:ident/management/inject_nmi',
    rule: 'baremetal:node:inject_nmi',
    asked: 'with-object',
    since: 'inject-nmi',
    handle: async (request, reply) => {
      const node = await requireNode(parts, request);
      readArguments(request, []);
      await parts.conductor.injectNmi(node.uuid);
      return reply.code(204).send();
    },
  },
];
