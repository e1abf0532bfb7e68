// Which microversion to speak: the service says its maximum at `/`, without authentication. A service that does
// not say is taken for an old one, and asked again at the next heartbeat.

import { ASSUMED_SERVICE_VERSION, HEARTBEAT_VERSIONS } from '@bessemer/protocol/agent/heartbeat';
import { isJsonObject } from '@bessemer/protocol/json';
import type { ServiceClient } from './service-client.ts';

export type SpokenVersions = {
  readonly lookup: string;
  readonly heartbeat: string;
  readonly sendsVersion: boolean;
  readonly sendsToken: boolean;
  /** The agent serves TLS with a certificate of its own and sends it along. */
  readonly sendsCertificate: boolean;
};

/** Numbers, not text: 1.9 comes before 1.68. */
const minorOf = (version: string): number => {
  const match = /^1\.([0-9]{1,4})$/.exec(version);
  return match === null ? 0 : Number(match[1]);
};

export const spokenVersions = (serviceMaximum: string): SpokenVersions => {
  const maximum = minorOf(serviceMaximum);
  const at = (version: string): boolean => maximum >= minorOf(version);
  const highest = (version: string): string => (at(version) ? version : serviceMaximum);
  return {
    lookup: highest(HEARTBEAT_VERSIONS.agentToken),
    heartbeat: highest(HEARTBEAT_VERSIONS.agentVerifyCa),
    sendsVersion: at(HEARTBEAT_VERSIONS.agentVersion),
    sendsToken: at(HEARTBEAT_VERSIONS.agentToken),
    sendsCertificate: at(HEARTBEAT_VERSIONS.agentVerifyCa),
  };
};

/** Asks until it was told once; a fixed version from the boot configuration ends the asking. */
export const makeVersionQuestion = (
  client: ServiceClient,
  fixed: string | null,
): (() => Promise<SpokenVersions>) => {
  let known = fixed;
  return async () => {
    known ??= await askMaximum(client);
    return spokenVersions(known ?? ASSUMED_SERVICE_VERSION);
  };
};

const askMaximum = async (client: ServiceClient): Promise<string | null> => {
  const answer = await client.call({ method: 'GET', path: '/', version: null });
  if (answer.status !== 200 || !isJsonObject(answer.body)) return null;
  const { default_version: version } = answer.body;
  if (!isJsonObject(version) || typeof version['version'] !== 'string') return null;
  return minorOf(version['version']) > 0 ? version['version'] : null;
};
