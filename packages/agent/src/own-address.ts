// The address that the service can reach this machine at: the one from which packets to the service would leave.

import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIPv6 } from 'node:net';

/** Sends nothing: connecting a UDP socket only asks the routing table. Undefined when there is no route. */
export const findOwnAddress = async (apiUrl: string): Promise<string | undefined> => {
  const { hostname, port, protocol } = new URL(apiUrl);
  try {
    const { address, family } = await lookup(hostname.replace(/^\[|\]$/g, ''));
    const remotePort = Number(port) || (protocol === 'https:' ? 443 : 80);
    return await localAddressTowards(address, remotePort, family === 6 ? 'udp6' : 'udp4');
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
};

const localAddressTowards = (
  address: string,
  port: number,
  kind: 'udp4' | 'udp6',
): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = createSocket(kind);
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.connect(port, address, () => {
      const own = socket.address().address;
      socket.close();
      resolve(own);
    });
  });

/** Bracketed where a URL needs it. */
export const hostInUrl = (host: string): string => (isIPv6(host) ? `[${host}]` : host);
