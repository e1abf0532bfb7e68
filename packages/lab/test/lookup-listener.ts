// The least of a service that an agent can call: it hears lookups and knows no node.

import { createServer } from 'node:https';
import { makeLabAuthority } from '../src/bmc/lab-authority.ts';
import { systemClock } from '../src/clock.ts';

export type LookupListener = {
  readonly url: string;
  /** PEM of the authority that the agent must trust. */
  readonly ca: string;
  readonly firstLookup: Promise<URL>;
  readonly close: () => void;
};

export const startLookupListener = async (host: string): Promise<LookupListener> => {
  const authority = await makeLabAuthority(systemClock);
  const identity = await authority.issue('service', host);
  const first = Promise.withResolvers<URL>();
  const server = createServer(
    { key: identity.key, cert: identity.certificate },
    (asked, answer) => {
      const url = new URL(asked.url ?? '/', `https://${host}`);
      answer.setHeader('content-type', 'application/json');
      answer.setHeader('x-openstack-ironic-api-maximum-version', '1.99');
      answer.setHeader('x-openstack-ironic-api-minimum-version', '1.1');
      if (url.pathname.includes('lookup')) {
        first.resolve(url);
        answer.writeHead(404).end('{}');
        return;
      }
      const version = {
        id: 'v1',
        min_version: '1.1',
        version: '1.99',
        status: 'CURRENT',
        links: [],
      };
      answer.end(JSON.stringify({ default_version: version, versions: [version], version }));
    },
  );
  const port = await new Promise<number>((resolve) => {
    server.listen(0, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  return {
    url: `https://${host}:${port}`,
    ca: authority.certificate,
    firstLookup: first.promise,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
};
