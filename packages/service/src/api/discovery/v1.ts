// GET /v1: the resources that exist at the version in use.

import { type Feature, offers } from '@bessemer/protocol/microversion/features';

import type { Route } from '../route.ts';
import { versionObject } from './root.ts';

const RESOURCES: { readonly [name: string]: Feature } = {
  chassis: 'base',
  nodes: 'base',
  ports: 'base',
  drivers: 'base',
  portgroups: 'portgroups',
  volume: 'volumes',
  lookup: 'ramdisk-endpoints',
  heartbeat: 'ramdisk-endpoints',
  conductors: 'conductors',
  allocations: 'allocations',
  events: 'events',
  deploy_templates: 'deploy-templates',
  shards: 'shards',
  continue_inspection: 'continue-inspection',
  runbooks: 'runbooks',
  inspection_rules: 'inspection-rules',
};

export const v1Route: Route = {
  method: 'GET',
  path: '/v1',
  rule: 'public',
  handle: (request, reply) => {
    const { base, minor } = request;
    const resources: { [name: string]: object } = {};
    for (const [name, since] of Object.entries(RESOURCES)) {
      if (!offers(minor, since)) continue;
      resources[name] = [
        { href: `${base}/v1/${name}/`, rel: 'self' },
        { href: `${base}/${name}/`, rel: 'bookmark' },
      ];
    }
    return reply.header('content-type', 'application/json').send(
      JSON.stringify({
        id: 'v1',
        links: [
          { href: `${base}/v1/`, rel: 'self' },
          {
            href: 'https://docs.openstack.org/ironic/latest/contributor/webapi.html',
            rel: 'describedby',
            type: 'text/html',
          },
        ],
        media_types: {
          base: 'application/json',
          type: 'application/vnd.openstack.ironic.v1+json',
        },
        version: versionObject(base),
        ...resources,
      }),
    );
  },
};
