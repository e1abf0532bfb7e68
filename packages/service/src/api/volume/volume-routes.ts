// /v1/volume, /v1/nodes/{node}/volume, and the connectors and targets below them.

import { requireListScope } from '../access/list-scope.ts';
import type { ApiParts } from '../api-parts.ts';
import { linkPair } from '../links.ts';
import { requireNode } from '../nodes/find-node.ts';
import type { Route } from '../route.ts';
import { listVolumeRoutes, VOLUME_LIST_RULES } from './list-volumes.ts';
import { CONNECTORS, TARGETS, type VolumeKind, type VolumeRecord } from './volume-kind.ts';
import { createVolumeRoute, deleteVolumeRoute, patchVolumeRoute } from './write-volume.ts';

export const volumeRoutes = (parts: ApiParts): readonly Route[] => [
  {
    method: 'GET',
    path: '/v1/volume',
    rule: VOLUME_LIST_RULES.all,
    asked: 'with-object',
    since: 'volumes',
    handle: async (request, reply) => {
      await requireListScope(parts, request, VOLUME_LIST_RULES);
      return reply
        .header('content-type', 'application/json')
        .send(linksText(request.base, 'volume'));
    },
  },
  {
    method: 'GET',
    path: '/v1/nodes/:ident/volume',
    rule: 'baremetal:volume:get',
    asked: 'with-object',
    since: 'volumes',
    handle: async (request, reply) => {
      const { uuid } = await requireNode(parts, request);
      return reply
        .header('content-type', 'application/json')
        .send(linksText(request.base, `nodes/${uuid}/volume`));
    },
  },
  ...routesOf(parts, CONNECTORS),
  ...routesOf(parts, TARGETS),
];

const routesOf = <Name extends string, R extends VolumeRecord>(
  parts: ApiParts,
  kind: VolumeKind<Name, R>,
): readonly Route[] => [
  ...listVolumeRoutes(parts, kind),
  createVolumeRoute(parts, kind),
  patchVolumeRoute(parts, kind),
  deleteVolumeRoute(parts, kind),
];

const linksText = (base: string, path: string): string =>
  `{"links":${linkPair(base, `${path}/`)},"connectors":${linkPair(base, `${path}/connectors`)},` +
  `"targets":${linkPair(base, `${path}/targets`)}}`;
