// /v1/nodes/{node}/vmedia: images in the virtual drives of a machine, put there by people.

import type { FastifyRequest } from 'fastify';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonObject } from '@bessemer/protocol/json';
import { MEDIA_DEVICES, type MediaDevice } from '@bessemer/protocol/node/hardware-parts';

import type { ApiParts } from '../api-parts.ts';
import { asList, readQuery, requireObjectBody, shown } from '../query.ts';
import type { Route } from '../route.ts';
import { requireNode } from './find-node.ts';

const PATH = '/v1/nodes/:ident/vmedia';

/** The address goes to the BMC as it is, so an image in Swift would need a login that nobody has. */
const SOURCES = ['http', 'local'];

const isDevice = (value: unknown): value is MediaDevice =>
  (MEDIA_DEVICES as readonly unknown[]).includes(value);

const notOneOf = (name: string, value: unknown, known: readonly string[]): Refusal =>
  new Refusal(
    400,
    `Schema error for vmedia: ${name}: ${shown(value)} is not one of [${known.join(', ')}]`,
  );

const readMedium = (body: JsonObject): { readonly device: MediaDevice; readonly url: string } => {
  const known = ['device_type', 'image_url', 'image_download_source'];
  const extra = Object.keys(body).find((key) => !known.includes(key));
  if (extra !== undefined) {
    throw new Refusal(
      400,
      `Schema error for vmedia: Additional properties are not allowed ('${shown(extra)}' was unexpected)`,
    );
  }
  const { device_type: device, image_url: url, image_download_source: source = 'local' } = body;
  for (const name of ['device_type', 'image_url']) {
    if (body[name] === undefined) {
      throw new Refusal(400, `Schema error for vmedia: '${name}' is a required property`);
    }
  }
  if (!isDevice(device)) throw notOneOf('device_type', device, MEDIA_DEVICES);
  if (typeof source !== 'string' || !SOURCES.includes(source)) {
    throw notOneOf('image_download_source', source, SOURCES);
  }
  if (typeof url !== 'string' || url === '') {
    throw new Refusal(400, `Schema error for vmedia: image_url: ${shown(url)} is not an address`);
  }
  return { device, url };
};

/** As a list in the query; all when there is none. */
const readDevices = (request: FastifyRequest): readonly MediaDevice[] => {
  const names = asList(readQuery(request, ['device_types'])['device_types']) ?? MEDIA_DEVICES;
  return names.map((name) => {
    if (isDevice(name)) return name;
    throw notOneOf('device_types', name, MEDIA_DEVICES);
  });
};

export const vmediaRoutes = (parts: ApiParts): readonly Route[] => [
  {
    method: 'GET',
    path: PATH,
    rule: 'baremetal:node:vmedia:get',
    asked: 'with-object',
    since: 'vmedia-get',
    handle: async (request, reply) => {
      const node = await requireNode(parts, request);
      const drives = await parts.conductor.fetchDrives(node.uuid);
      const media = drives.map(({ image, isInserted, mediaTypes }) => ({
        image,
        inserted: isInserted,
        media_types: mediaTypes,
      }));
      return reply.header('content-type', 'application/json').send(JSON.stringify(media));
    },
  },
  {
    method: 'POST',
    path: PATH,
    rule: 'baremetal:node:vmedia:attach',
    asked: 'with-object',
    since: 'vmedia-attach',
    handle: async (request, reply) => {
      const node = await requireNode(parts, request);
      const medium = readMedium(requireObjectBody(request));
      await parts.conductor.attachMedium(node.uuid, medium);
      return reply.code(204).send();
    },
  },
  {
    method: 'DELETE',
    path: PATH,
    rule: 'baremetal:node:vmedia:detach',
    asked: 'with-object',
    since: 'vmedia-attach',
    handle: async (request, reply) => {
      const node = await requireNode(parts, request);
      const devices = readDevices(request);
      await parts.conductor.detachMedia(node.uuid, devices);
      return reply.code(204).send();
    },
  },
];
