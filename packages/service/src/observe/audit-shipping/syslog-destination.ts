// Syslog over TLS (RFC 5425), TCP (RFC 6587) or UDP (RFC 5426). With the first two a batch is a connection: its end is
// answered by the receiver's end only when all was read, which is the one receipt that syslog has. UDP has none.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect as connectTcp, isIP, isIPv6, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

import { type Destination, inTime, notShipped } from './destination.ts';
import { type Sender, syslogMessage } from './syslog-message.ts';

export type SyslogReceiver = {
  readonly protocol: 'tls' | 'tcp' | 'udp';
  readonly host: string;
  readonly port: number;
  /** PEM of the authority of its certificate; those of the system when undefined. */
  readonly authorityPem: string | undefined;
};

/** Octet counting: a message may hold anything. */
const framed = (message: string): string => `${Buffer.byteLength(message)} ${message}`;

const open = (receiver: SyslogReceiver, signal: AbortSignal): Socket => {
  const { host, port, authorityPem } = receiver;
  if (receiver.protocol === 'tcp') return connectTcp({ host, port, signal });
  return connectTls({
    host,
    port,
    minVersion: 'TLSv1.2',
    // TLS has names of servers there, and no addresses.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(authorityPem === undefined ? {} : { ca: authorityPem }),
  });
};

const shipByStream = async (
  receiver: SyslogReceiver,
  messages: readonly string[],
  signal: AbortSignal,
): Promise<void> => {
  const socket = open(receiver, signal);
  try {
    await once(socket, receiver.protocol === 'tls' ? 'secureConnect' : 'connect', { signal });
    const ended = once(socket, 'end', { signal });
    // Whatever it says is not for us; unread it would hide its end.
    socket.resume();
    socket.end(messages.map(framed).join(''));
    await ended;
    // Else it cannot have read all of it.
    if (!socket.writableFinished) throw new Error('it ended the connection too early');
  } finally {
    socket.destroy();
  }
};

const shipByDatagram = async (
  { host, port }: SyslogReceiver,
  messages: readonly string[],
  signal: AbortSignal,
): Promise<void> => {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  try {
    for (const message of messages) {
      signal.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        socket.send(message, port, host, (error) => (error === null ? resolve() : reject(error)));
      });
    }
  } finally {
    socket.close();
  }
};

export const makeSyslogDestination = (receiver: SyslogReceiver, sender: Sender): Destination => ({
  name: 'syslog',
  ship: async (records, end) => {
    const messages = records.map((record) => syslogMessage(record, sender));
    try {
      await (receiver.protocol === 'udp' ? shipByDatagram : shipByStream)(
        receiver,
        messages,
        inTime(end),
      );
    } catch (error) {
      throw notShipped('syslog', `does not take records: ${(error as Error).message}`);
    }
  },
  close: async () => {},
});
