// Datagrams over UDP, to and from one address only.

import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';

import { IpmiFailure } from './failures.ts';
import type { Random, Transport } from './transport.ts';

export const IPMI_PORT = 623;

export const systemRandom: Random = (sizeBytes) => randomBytes(sizeBytes);

/** `address` is numeric: whoever resolved the name has also checked that the service may talk to what it means. */
export const openUdpTransport = (address: string, port: number): Promise<Transport> =>
  new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    const isUnreachable = (error: NodeJS.ErrnoException): void => {
      const reason = error.code ?? 'unknown';
      reject(new IpmiFailure('no-answer', `Its address cannot be reached (${reason}).`));
    };
    let hear: (datagram: Buffer) => void = () => undefined;
    let isOpen = true;
    socket.once('error', isUnreachable);
    socket.on('message', (datagram) => hear(datagram));
    // Connected: the kernel drops what comes from other addresses and ports.
    socket.connect(port, address, () => {
      socket.off('error', isUnreachable);
      // "Port closed" may be forged, or be a BMC that starts: to the protocol it is an answer that is missing.
      socket.on('error', () => undefined);
      resolve({
        send: (datagram) => {
          if (isOpen) socket.send(datagram, () => undefined);
        },
        listen: (listener) => {
          hear = listener;
        },
        close: () => {
          if (!isOpen) return;
          isOpen = false;
          socket.close();
        },
      });
    });
  });
