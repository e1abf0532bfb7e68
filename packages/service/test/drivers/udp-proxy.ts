// A network between a console and a BMC that loses, doubles, delays or reorders as a test says.

import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';

export type Way = 'to-bmc' | 'to-console';

/** What arrives instead of a datagram, in order. It may keep datagrams and let them arrive with later ones. */
export type Fate = (datagram: Buffer, way: Way) => readonly Buffer[];

export type UdpProxy = {
  readonly port: number;
  /** All that was sent, whatever became of it. */
  readonly seen: { readonly datagram: Buffer; readonly way: Way }[];
  readonly close: () => Promise<void>;
};

export const startUdpProxy = async (bmcPort: number, fate: Fate): Promise<UdpProxy> => {
  const front = createSocket('udp4').bind(0, '127.0.0.1');
  const back = createSocket('udp4');
  await once(front, 'listening');
  back.connect(bmcPort, '127.0.0.1');
  await once(back, 'connect');
  const seen: UdpProxy['seen'] = [];
  let peer: RemoteInfo | undefined;
  front.on('message', (datagram, sender) => {
    peer = sender;
    seen.push({ datagram, way: 'to-bmc' });
    for (const each of fate(datagram, 'to-bmc')) back.send(each);
  });
  back.on('message', (datagram) => {
    if (peer === undefined) return;
    seen.push({ datagram, way: 'to-console' });
    for (const each of fate(datagram, 'to-console')) {
      front.send(each, peer.port, peer.address);
    }
  });
  back.on('error', () => undefined);
  return {
    port: front.address().port,
    seen,
    close: async () => {
      front.close();
      back.close();
      await Promise.all([once(front, 'close'), once(back, 'close')]);
    },
  };
};
