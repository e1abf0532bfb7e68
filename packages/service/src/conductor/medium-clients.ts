// Who may fetch a boot medium: the BMC that was told its address, and nobody else. The address alone is a secret that
// crosses the BMC's network; a second machine there that learns it gets nothing.

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

import type { NodeUuid } from '@bessemer/protocol/uuid';

import { findNode } from '#store/nodes';
import { isLoopback } from '#trust/agent-token/callback-url';
import { isInNetworks, isSameHost } from '#trust/agent-token/source-address';

import type { ConductorParts } from './conductor-parts.ts';
import { type EventParts, makeEventNoter, type TrustEvent } from './trust-events.ts';

type Parts = EventParts & Pick<ConductorParts, 'drivers'>;

/** A name leads to whatever it leads to now; the BMC was found by it too. */
const addressesOf = async (host: string): Promise<readonly string[]> => {
  if (isIP(host) !== 0) return [host];
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
};

const isOwnAddress = (sourceAddress: string): boolean =>
  Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .some(({ address }) => isSameHost(address, sourceAddress));

const denialOf = (
  nodeUuid: NodeUuid,
  sourceAddress: string,
  reason: 'source' | 'signature',
): TrustEvent => ({
  name: 'boot.denied',
  nodeUuid,
  source: sourceAddress,
  outcome: 'refused',
  detail: { reason, what: 'boot medium' },
});

export const makeForgeryNoter = (
  parts: EventParts,
): ((nodeUuid: NodeUuid, sourceAddress: string) => Promise<void>) => {
  const note = makeEventNoter(parts);
  return (nodeUuid, sourceAddress) => note(denialOf(nodeUuid, sourceAddress, 'signature'));
};

export const makeMediumClients = (
  parts: Parts,
): ((nodeUuid: NodeUuid, sourceAddress: string) => Promise<boolean>) => {
  const { drivers, store, options, log } = parts;
  const note = makeEventNoter(parts);

  const isOwnBmc = async (nodeUuid: NodeUuid, sourceAddress: string): Promise<boolean> => {
    const node = await findNode(store.db, nodeUuid);
    if (node === undefined) return false;
    try {
      const host = drivers.driverOf(node).boot.mediumClient?.(node);
      if (host === undefined) return false;
      const addresses = await addressesOf(host);
      return addresses.some(
        (address) =>
          isSameHost(address, sourceAddress) ||
          // A BMC on this very host (a simulated one) calls us from whichever address it calls.
          (isLoopback(address) && isOwnAddress(sourceAddress)),
      );
    } catch (error) {
      // Nodes whose data cannot be used, names that lead nowhere: nobody is known to be right.
      log.warn({ err: error, node: nodeUuid }, 'the address of a BMC cannot be found');
      return false;
    }
  };

  return async (nodeUuid, sourceAddress) => {
    if (!options.isMediumSourceChecked) return true;
    if (isInNetworks(sourceAddress, options.mediumNetworks)) return true;
    if (await isOwnBmc(nodeUuid, sourceAddress)) return true;
    await note(denialOf(nodeUuid, sourceAddress, 'source'));
    return false;
  };
};
