// The gate of a listener: one source may hold so many connections and open so many in a minute, and all together are
// let in one after the other, at a steady pace. A handshake costs as much as twenty heartbeats, and users of the
// public API would wait behind a burst of them.
//
// Who is not let in yet waits, unread: before TLS, at the price of a socket. (Closing was tried: whoever floods comes
// back at once, and a thousand closed connections cost more than the handshakes did.) Only what waits too long, or is
// one too many, is closed.

import type { Server, Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';

import type { Clock } from '#clock';

import { isOwnHost, plainSource, sourceKey } from './source-key.ts';
import { makeTokenBuckets } from './token-bucket.ts';
import { makeWaitingLine } from './waiting-line.ts';

export type ConnectionRate = {
  readonly perMinute: number;
  readonly burst: number;
  /** New ones of all sources together. */
  readonly allPerSecond: number;
};

/** So many handshakes one after the other: what a user waits behind them at worst is a few milliseconds. */
const ALL_BURST = 4;
/** Stock agents give up after 30 s and more; a site that boots 2,000 machines at once is through by then. */
const WAIT_MS_MAX = 10_000;
/** More than a machine, or a few behind one address, open at once. */
const WAITING_PER_SOURCE_MAX = 32;
/** Each costs a socket, and nothing of what its sender says. */
const WAITING_MAX = 2_000;
/**
 * Who was told three times that it calls too often, and goes on, gets no further than here: each such answer costs a
 * handshake. Taken from are these by each such answer, and from then on by each connection until it was quiet for some
 * seconds. One in a second is still let in, since others may be behind the same address.
 */
const LIMITED = { perMinute: 60, burst: 5 };
/** A source that has to wait for itself only is looked at again after so long. */
const LOOK_EACH_MS = 20;

export type ConnectionLimit = {
  readonly perSource: number;
  /** New ones; undefined: as many as it likes. */
  readonly rate?: ConnectionRate | undefined;
  readonly clock: Pick<Clock, 'monotonicMs' | 'after'>;
  /** Proxies hold the connections of many. */
  readonly isExempt: (address: string) => boolean;
};

export type ConnectionGate = {
  /** This address was told that it calls too often. */
  readonly noteLimited: (address: string) => void;
  /** Whoever still waits, or comes later, is closed, or the server would wait for them. */
  readonly close: () => void;
};

type Waiting = {
  readonly source: string;
  readonly socket: Socket;
  readonly untilMs: number;
  /** Listens while nobody else does. */
  readonly onGone: () => void;
};

/** What net.Server knows and its type does not: whether a new connection is read at once. */
type PausingServer = Server & { pauseOnConnect?: boolean };

/** Puts itself before what the server does with connections: that is asked only for those that are let in. */
export const gateConnections = (server: PausingServer, limit: ConnectionLimit): ConnectionGate => {
  const { clock, rate } = limit;
  const served = server.listeners('connection');
  const open = new Map<string, number>();
  const opened = rate && makeTokenBuckets(rate);
  const all =
    rate && makeTokenBuckets({ perMinute: rate.allPerSecond * 60, burst: ALL_BURST, keysMax: 1 });
  const limited = makeTokenBuckets(LIMITED);
  const line = makeWaitingLine<Waiting>();
  let cancelLook: (() => void) | undefined;
  /** Whether somebody waits who would be let in but for the others. */
  let isCrowded = false;
  let isClosed = false;

  const serve = (socket: Socket): void => {
    // TLS reads the connection by itself, and would begin as paused as its server says.
    server.pauseOnConnect = false;
    for (const listener of served) listener.call(server, socket);
    server.pauseOnConnect = true;
    if (!(server instanceof TlsServer)) socket.resume();
  };

  const isFree = (source: string): boolean => {
    const nowMs = clock.monotonicMs();
    return (
      (open.get(source) ?? 0) < limit.perSource &&
      (opened?.waitMs(source, nowMs) ?? 0) === 0 &&
      limited.waitMs(source, nowMs) === 0
    );
  };

  const letIn = (source: string, socket: Socket): void => {
    const nowMs = clock.monotonicMs();
    opened?.take(source, nowMs);
    all?.take('', nowMs);
    if (!limited.isFull(source, nowMs)) limited.take(source, nowMs);
    open.set(source, (open.get(source) ?? 0) + 1);
    socket.once('close', () => {
      const rest = (open.get(source) ?? 1) - 1;
      if (rest > 0) open.set(source, rest);
      else open.delete(source);
    });
    serve(socket);
  };

  const noLongerWaits = ({ socket, onGone }: Waiting): void => {
    socket.off('error', onGone);
    socket.off('close', onGone);
  };
  const turnAway = (waiting: Waiting): void => {
    noLongerWaits(waiting);
    waiting.socket.destroy();
  };

  const look = (): void => {
    cancelLook = undefined;
    isCrowded = false;
    while (line.size() > 0) {
      const nowMs = clock.monotonicMs();
      const pauseMs = all?.waitMs('', nowMs) ?? 0;
      isCrowded = pauseMs > 0;
      const isDue = (source: string, oldest: Waiting): boolean =>
        oldest.untilMs <= nowMs || isFree(source);
      const due = pauseMs > 0 ? undefined : line.next(isDue);
      if (due === undefined) {
        lookAfter(pauseMs > 0 ? pauseMs : LOOK_EACH_MS);
        return;
      }
      if (due.untilMs <= nowMs) turnAway(due);
      else {
        noLongerWaits(due);
        letIn(due.source, due.socket);
      }
    }
  };
  const lookAfter = (delayMs: number): void => {
    cancelLook?.();
    cancelLook = clock.after(delayMs, look);
  };

  const wait = (source: string, socket: Socket, pauseMs: number): void => {
    if (line.sizeOf(source) >= WAITING_PER_SOURCE_MAX) {
      socket.destroy();
      return;
    }
    const waiting: Waiting = {
      source,
      socket,
      untilMs: clock.monotonicMs() + WAIT_MS_MAX,
      onGone: () => line.remove(source, waiting),
    };
    socket.on('error', waiting.onGone);
    socket.on('close', waiting.onGone);
    line.add(source, waiting);
    if (line.size() > WAITING_MAX) {
      const dropped = line.dropFromLongest();
      if (dropped !== undefined) turnAway(dropped);
    }
    if (pauseMs > 0) isCrowded = true;
    if (cancelLook === undefined || pauseMs > 0) lookAfter(pauseMs > 0 ? pauseMs : LOOK_EACH_MS);
  };

  server.pauseOnConnect = true;
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    if (isClosed) {
      socket.destroy();
      return;
    }
    const address = socket.remoteAddress ?? '';
    if (isOwnHost(plainSource(address)) || limit.isExempt(address)) {
      serve(socket);
      return;
    }
    const source = sourceKey(address);
    const pauseMs = all?.waitMs('', clock.monotonicMs()) ?? 0;
    const isNext = !isCrowded && pauseMs === 0 && line.sizeOf(source) === 0;
    if (isNext && isFree(source)) letIn(source, socket);
    else wait(source, socket, pauseMs);
  });
  return {
    noteLimited: (address) => {
      limited.take(sourceKey(address), clock.monotonicMs());
    },
    close: () => {
      isClosed = true;
      cancelLook?.();
      for (let each = line.next(() => true); each !== undefined; each = line.next(() => true)) {
        turnAway(each);
      }
    },
  };
};
