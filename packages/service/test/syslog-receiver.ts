// Receivers of syslog: Debian's rsyslogd, for what only a real one shows, and one that a test can make misbehave.

import { spawn } from 'node:child_process';
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';

export type StreamReceiver = {
  readonly port: number;
  /** Whole messages, in the order of their coming. */
  readonly messages: readonly string[];
  readonly close: () => Promise<void>;
};

/** Octet counting, undone. */
const messagesOf = (bytes: Buffer): string[] => {
  const found: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const blank = bytes.indexOf(' ', at);
    const length = Number(bytes.toString('ascii', at, blank));
    found.push(bytes.toString('utf8', blank + 1, blank + 1 + length));
    at = blank + 1 + length;
  }
  return found;
};

const listening = async (server: Server | DatagramSocket): Promise<number> => {
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

/** `tls`: PEM, plain TCP when undefined. */
export const receiveStream = async (tls?: {
  readonly key: string;
  readonly cert: string;
}): Promise<StreamReceiver> => {
  const messages: string[] = [];
  const server = tls === undefined ? createServer() : createTlsServer(tls);
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', () => messages.push(...messagesOf(Buffer.concat(chunks))));
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  return {
    port: await listening(server),
    messages,
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
};

export const receiveDatagrams = async (): Promise<StreamReceiver> => {
  const messages: string[] = [];
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  socket.on('message', (message) => messages.push(message.toString()));
  return {
    port: await listening(socket),
    messages,
    close: async () => {
      socket.close();
    },
  };
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  const port = await listening(server);
  server.close();
  await once(server, 'close');
  return port;
};

const START_MS_MAX = 20_000;

const untilOpen = async (port: number): Promise<void> => {
  const untilMs = performance.now() + START_MS_MAX;
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch (error) {
      if (performance.now() > untilMs) throw error;
      await pause(20);
    } finally {
      socket.destroy();
    }
  }
};

export type Rsyslog = {
  readonly port: number;
  /** Of each message, in the order of their coming: name of the event, structured data, text. */
  readonly read: () => readonly (readonly string[])[];
  readonly stop: () => Promise<void>;
};

/** Takes TCP, and writes what it understood into a file of `directory`. */
export const startRsyslog = async (directory: string): Promise<Rsyslog> => {
  const port = await freePort();
  const [config, output] = [join(directory, 'rsyslog.conf'), join(directory, 'received')];
  await writeFile(
    config,
    [
      `global(workDirectory="${directory}" maxMessageSize="64k")`,
      'module(load="imtcp")',
      `input(type="imtcp" address="127.0.0.1" port="${port}")`,
      String.raw`template(name="parts" type="string" string="%msgid%\t%structured-data%\t%msg%\n")`,
      `action(type="omfile" file="${output}" template="parts")`,
      '',
    ].join('\n'),
  );
  const child = spawn(
    '/usr/sbin/rsyslogd',
    ['-n', '-f', config, '-i', join(directory, 'rsyslog.pid')],
    { stdio: 'ignore' },
  );
  const exited = once(child, 'exit');
  await untilOpen(port);
  return {
    port,
    read: () =>
      existsSync(output)
        ? readFileSync(output, 'utf8')
            .trimEnd()
            .split('\n')
            .map((line) => line.split('\t'))
        : [],
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
};
