// One source may hold so many connections; what comes beyond is closed before TLS costs anything.

import type { Server, Socket } from 'node:net';

import { isOwnHost, plainSource, sourceKey } from './source-key.ts';

export type ConnectionLimit = {
  readonly perSource: number;
  /** Proxies hold the connections of many. */
  readonly isExempt: (address: string) => boolean;
};

export const limitConnections = (server: Server, limit: ConnectionLimit): void => {
  const open = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    if (isOwnHost(plainSource(address)) || limit.isExempt(address)) return;
    const source = sourceKey(address);
    const count = open.get(source) ?? 0;
    if (count >= limit.perSource) {
      socket.destroy();
      return;
    }
    open.set(source, count + 1);
    socket.once('close', () => {
      const rest = (open.get(source) ?? 1) - 1;
      if (rest > 0) open.set(source, rest);
      else open.delete(source);
    });
  });
};
