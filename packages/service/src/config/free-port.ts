// A port for `--listen HOST:0`. The URLs of all listeners are told to the conductor before any of them opens, so
// the choice is made first; between closing and opening nobody else asks the system for this very port.

import { createServer } from 'node:net';

import type { Endpoint } from './endpoint.ts';

export const withPort = async (endpoint: Endpoint): Promise<Endpoint> => {
  if (endpoint.port !== 0) return endpoint;
  const server = createServer();
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, endpoint.host, () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('no port'));
      else resolve(address.port);
    });
  });
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  return { host: endpoint.host, port };
};
