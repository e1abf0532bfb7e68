// One source may hold so many connections, and open so many in a minute; what comes beyond is closed before TLS costs
// anything. A handshake costs as much as twenty heartbeats, and users of the public API wait behind it.

import type { Server, Socket } from 'node:net';

import type { Clock } from '#clock';

import { isOwnHost, plainSource, sourceKey } from './source-key.ts';
import { makeTokenBuckets } from './token-bucket.ts';

export type ConnectionLimit = {
  readonly perSource: number;
  /** New ones; undefined: as many as it likes. */
  readonly rate?: { readonly perMinute: number; readonly burst: number } | undefined;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Proxies hold the connections of many. */
  readonly isExempt: (address: string) => boolean;
};

export const limitConnections = (server: Server, limit: ConnectionLimit): void => {
  const open = new Map<string, number>();
  const opened = limit.rate && makeTokenBuckets(limit.rate);
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    if (isOwnHost(plainSource(address)) || limit.isExempt(address)) return;
    const source = sourceKey(address);
    const count = open.get(source) ?? 0;
    const waitMs = opened?.take(source, limit.clock.monotonicMs()) ?? 0;
    if (count >= limit.perSource || waitMs > 0) {
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
