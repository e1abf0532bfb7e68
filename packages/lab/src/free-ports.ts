// Ports that are free now and still free when they are wanted: by a process that is yet to start, or by one that has
// to have the same ones in each of its lives.

import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below those that the kernel gives to outgoing connections, which would take one between two lives. */
const PORT_MIN = 20_000;
const PORT_MAX = 32_000;
const TRIES_MAX = 500;

type Held = { readonly port: number; readonly release: () => Promise<void> };

/** Free of both kinds: each caller takes it for the one that it needs. */
const hold = async (host: string, port: number): Promise<Held | undefined> => {
  const stream = createServer();
  const datagram = createSocket('udp4');
  const release = async (): Promise<void> => {
    if (stream.listening) await once(stream.close(), 'close');
    await once(datagram.close(), 'close');
  };
  try {
    await once(stream.listen(port, host), 'listening');
    datagram.bind(port, host);
    await once(datagram, 'listening');
    return { port, release };
  } catch (error) {
    await release();
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined;
    throw error;
  }
};

/** Held together until all are known, so that they differ. */
export const freePorts = async (count: number, host = '127.0.0.1'): Promise<readonly number[]> => {
  const held: Held[] = [];
  try {
    for (let tries = 0; tries < TRIES_MAX && held.length < count; tries += 1) {
      const found = await hold(host, randomInt(PORT_MIN, PORT_MAX));
      if (found !== undefined) held.push(found);
    }
  } finally {
    for (const { release } of held) await release();
  }
  if (held.length < count) throw new Error(`no free ports at ${host}`);
  return held.map(({ port }) => port);
};

export const freePort = async (host?: string): Promise<number> => {
  const [port = 0] = await freePorts(1, host);
  return port;
};
