// /v1/nodes/{node}/bios: the settings of its firmware, as they were read last.

import type { FastifyRequest } from 'fastify';

import { listBiosSettings, type StoredBiosSetting } from '#store/bios-settings';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { offers } from '@bessemer/protocol/microversion/features';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { ApiParts } from '../api-parts.ts';
import { linkPair } from '../links.ts';
import { asFlag, readQuery, requireFeature } from '../query.ts';
import type { Route } from '../route.ts';
import { requireNode } from './find-node.ts';
import { pickKnown } from './pick-known.ts';

const PATH = '/v1/nodes/:ident/bios';

const BASE = ['name', 'value', 'created_at', 'updated_at', 'links'];
const REGISTRY = [
  'attribute_type',
  'allowable_values',
  'lower_bound',
  'upper_bound',
  'min_length',
  'max_length',
  'read_only',
  'reset_required',
  'unique',
];
const ALL = [...BASE, ...REGISTRY];

const objectOf = (
  request: FastifyRequest,
  node: NodeRecord,
  setting: StoredBiosSetting,
): { readonly [field: string]: unknown } => ({
  name: setting.name,
  value: setting.value,
  created_at: setting.createdAt,
  updated_at: setting.updatedAt,
  links: JSON.parse(
    linkPair(request.base, `nodes/${node.uuid}/bios/${encodeURIComponent(setting.name)}`),
  ) as unknown,
  ...setting.registry,
});

const askedNames = (request: FastifyRequest): readonly string[] => {
  const query = readQuery(request, ['detail', 'fields']);
  if (query['detail'] !== undefined || query['fields'] !== undefined) {
    requireFeature(request, 'bios-registry');
  }
  const isDetailed = asFlag('detail', query['detail']) === true;
  if (isDetailed && query['fields'] !== undefined) {
    throw new Refusal(400, "Can't fetch a subset of fields with 'detail' set");
  }
  return pickKnown(query['fields'], ALL) ?? (isDetailed ? ALL : BASE);
};

const only = (
  object: { readonly [field: string]: unknown },
  names: readonly string[],
): { readonly [field: string]: unknown } =>
  Object.fromEntries(names.map((name) => [name, object[name] ?? null]));

export const biosRoutes = (parts: ApiParts): readonly Route[] => [
  {
    method: 'GET',
    path: PATH,
    rule: 'baremetal:node:bios:get',
    asked: 'with-object',
    since: 'bios',
    handle: async (request, reply) => {
      const node = await requireNode(parts, request);
      const names = askedNames(request);
      const settings = await listBiosSettings(parts.store.db, node.uuid);
      const bios = settings.map((setting) => only(objectOf(request, node, setting), names));
      return reply.header('content-type', 'application/json').send(JSON.stringify({ bios }));
    },
  },
  {
    method: 'GET',
    path: `${PATH}/:setting`,
    rule: 'baremetal:node:bios:get',
    asked: 'with-object',
    since: 'bios',
    handle: async (request, reply) => {
      const { setting: name } = request.params as { readonly setting: string };
      const node = await requireNode(parts, request);
      const settings = await listBiosSettings(parts.store.db, node.uuid);
      const setting = settings.find((each) => each.name === name);
      if (setting === undefined) {
        throw new Refusal(
          404,
          `Node ${node.uuid} doesn't have a BIOS setting '${name.slice(0, 100)}'`,
        );
      }
      const names = offers(request.minor, 'bios-registry') ? ALL : BASE;
      return reply
        .header('content-type', 'application/json')
        .send(JSON.stringify({ [setting.name]: only(objectOf(request, node, setting), names) }));
    },
  },
];
