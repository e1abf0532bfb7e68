// Stands before a listener and counts who comes.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

export type CountingProxy = {
  readonly port: number;
  readonly connections: () => number;
  /** Where connections are led to; before that they are counted and closed. */
  readonly leadTo: (port: number) => void;
  readonly close: () => Promise<void>;
};

export const openCountingProxy = async (): Promise<CountingProxy> => {
  let count = 0;
  let target: number | undefined;
  const server = createServer((client) => {
    count += 1;
    client.on('error', () => client.destroy());
    if (target === undefined) {
      client.destroy();
      return;
    }
    const upstream = connect(target, '127.0.0.1');
    upstream.on('error', () => client.destroy());
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    client.pipe(upstream).pipe(client);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => count,
    leadTo: (port) => {
      target = port;
    },
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
};
