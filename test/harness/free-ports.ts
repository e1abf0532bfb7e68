// Ports that are free now, for a service that has to have the same ones in each of its lives.

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** As `127.0.0.1:PORT`. Held together until all are known, so that they differ. */
export const freePorts = async (count: number): Promise<readonly string[]> => {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const found = servers.map((server) => `127.0.0.1:${(server.address() as AddressInfo).port}`);
  for (const server of servers) server.close();
  return found;
};
