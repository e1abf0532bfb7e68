// One source may hold so many connections, and open so many in a minute; what comes beyond is closed before TLS costs
// anything. A handshake costs as much as twenty heartbeats, and users of the public API wait behind it.

import type { Server, Socket } from 'node:net';

import type { Clock } from '#clock';

import { isOwnHost, plainSource, sourceKey } from './source-key.ts';
import { makeTokenBuckets } from './token-bucket.ts';

export type ConnectionRate = {
  readonly perMinute: number;
  readonly burst: number;
  /** New ones of all sources together. */
  readonly allPerSecond: number;
};

/** So many handshakes one after the other: what a user waits behind them at worst is some ten milliseconds. */
const ALL_BURST = 30;

export type ConnectionLimit = {
  readonly perSource: number;
  /** New ones; undefined: as many as it likes. */
  readonly rate?: ConnectionRate | undefined;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Proxies hold the connections of many. */
  readonly isExempt: (address: string) => boolean;
};

export const limitConnections = (server: Server, limit: ConnectionLimit): void => {
  const open = new Map<string, number>();
  const opened = limit.rate && makeTokenBuckets(limit.rate);
  const all =
    limit.rate &&
    makeTokenBuckets({ perMinute: limit.rate.allPerSecond * 60, burst: ALL_BURST, keysMax: 1 });

  const isTooOften = (source: string): boolean => {
    const nowMs = limit.clock.monotonicMs();
    if ((opened?.take(source, nowMs) ?? 0) > 0) return true;
    return (all?.take('', nowMs) ?? 0) > 0;
  };
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    if (isOwnHost(plainSource(address)) || limit.isExempt(address)) return;
    const source = sourceKey(address);
    const count = open.get(source) ?? 0;
    if (count >= limit.perSource || isTooOften(source)) {
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
