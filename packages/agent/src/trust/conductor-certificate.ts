// Whether the other end of a connection is a conductor: its certificate chains to the authority (checked by TLS) and
// was made for clients. Agents and servers of the same authority have certificates for servers.

import type { TLSSocket } from 'node:tls';

const FOR_CLIENTS = '1.3.6.1.5.5.7.3.2';

export const isConductor = (
  socket: Pick<TLSSocket, 'authorized' | 'getPeerX509Certificate'>,
): boolean =>
  socket.authorized && socket.getPeerX509Certificate()?.keyUsage?.includes(FOR_CLIENTS) === true;
