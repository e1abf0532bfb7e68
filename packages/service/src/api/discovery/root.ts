// GET /: which versions there are. Clients and agents read it before anything else, without credentials.

import { MINOR_MAX, MINOR_MIN, versionText } from '@bessemer/protocol/microversion/range';

import type { Route } from '../route.ts';

export const versionObject = (base: string): object => ({
  id: 'v1',
  links: [{ href: `${base}/v1/`, rel: 'self' }],
  status: 'CURRENT',
  min_version: versionText(MINOR_MIN),
  version: versionText(MINOR_MAX),
});

export const rootRoute: Route = {
  method: 'GET',
  path: '/',
  rule: 'public',
  handle: (request, reply) => {
    const version = versionObject(request.base);
    return reply.header('content-type', 'application/json').send(
      JSON.stringify({
        // Clients look for this name to know what they talk to.
        name: 'OpenStack Ironic API',
        description:
          'Bessemer: an Ironic-compatible service that provisions bare-metal machines and trusts nothing unverified.',
        default_version: version,
        versions: [version],
      }),
    );
  },
};
