// Where the agent of a polled machine may be. Each answer is a place to look, never a proof: what is found there has
// to show the key of this boot.

import { networkInterfaces } from 'node:os';

import { AGENT_PORT } from '@bessemer/protocol/agent/command';
import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { AddressSource } from '#netboot/address-source';
import { type CallbackRules, judgeCallback } from '#trust/agent-token/callback-url';

export type PollAddress = { readonly address: string; readonly callbackUrl: string };

/** More than a machine has cards; each costs a connection at each try. */
const ADDRESSES_MAX = 8;

/** Addresses that the machine has because we give them to it. */
export const staticAddresses = (networkData: JsonObject): readonly string[] => {
  const networks = Array.isArray(networkData['networks']) ? networkData['networks'] : [];
  return networks.flatMap((network) =>
    isJsonObject(network) && typeof network['ip_address'] === 'string'
      ? [network['ip_address'].split('/')[0] ?? '']
      : [],
  );
};

const namedAddress = (node: Pick<NodeRecord, 'driverInfo'>): readonly string[] => {
  const named = node.driverInfo['agent_address'];
  return typeof named === 'string' && named !== '' ? [named] : [];
};

/** Of this host: whatever listens here is no machine of ours. */
const ownAddresses = (): ReadonlySet<string> =>
  new Set(
    Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .map(({ address }) => address),
  );

const urlOf = (address: string): string =>
  `https://${address.includes(':') ? `[${address.toLowerCase()}]` : address}:${AGENT_PORT}`;

export type AddressQuestion = {
  readonly node: Pick<NodeRecord, 'uuid' | 'driverInfo' | 'networkData'>;
  readonly macs: readonly string[];
  readonly source: AddressSource | undefined;
  readonly rules: CallbackRules;
  readonly own?: ReadonlySet<string>;
};

export const pollAddresses = async (question: AddressQuestion): Promise<readonly PollAddress[]> => {
  const { node, macs, source, rules } = question;
  const found =
    (await source?.addressesOf({
      nodeUuid: node.uuid,
      macs,
      networkData: node.networkData,
      driverInfo: node.driverInfo,
    })) ?? [];
  const own = question.own ?? ownAddresses();
  const candidates = new Set([
    ...namedAddress(node),
    ...staticAddresses(node.networkData),
    ...found.map(({ address }) => address),
  ]);
  return [...candidates]
    .filter((address) => !own.has(address))
    .map((address) => ({ address, callbackUrl: urlOf(address) }))
    .filter(({ callbackUrl }) => judgeCallback(callbackUrl, rules).isFine)
    .slice(0, ADDRESSES_MAX);
};
