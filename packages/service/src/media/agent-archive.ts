// What one boot of one machine gets to know, as an archive for the reserved region: whom to call, with which token
// and key, whom to trust, and its network.

import { Failure } from '@bessemer/protocol/errors/failure';
import type { JsonObject } from '@bessemer/protocol/json';
import { renderAgentConfig } from '@bessemer/protocol/media/agent-config';
import { writeCpio } from '@bessemer/protocol/media/cpio';
import {
  AGENT_CA_PATH,
  AGENT_CERT_PATH,
  AGENT_CONFIG_PATH,
  AGENT_KEY_PATH,
  NETWORK_DATA_PATH,
  RESERVED_REGION_BYTES,
} from '@bessemer/protocol/media/reserved-region';

import type { Secret } from '#trust/secret';

export type AgentArchive = {
  /** Null for an agent that is polled and must not call. */
  readonly apiUrl: string | null;
  /** The service's own authority. */
  readonly authorityPem: string;
  /** The agent's, for this boot only; null when it makes its own key and gets its token by lookup. */
  readonly credentials: {
    readonly token: Secret<string>;
    readonly certificatePem: string;
    readonly keyPem: Secret<string>;
  } | null;
  /** The conductor shows a certificate and signs its commands: the agent may insist. */
  readonly isConductorProven: boolean;
  readonly nodeUuid: string;
  readonly sessionId: string;
  readonly bootNumber: number;
  readonly serviceTimeMs: number;
  /** `network_data` of the node; empty means that the ramdisk asks DHCP. */
  readonly networkData: JsonObject;
  readonly isDebug?: boolean;
};

const SECRET_MODE = 0o600;
const PUBLIC_MODE = 0o644;

/** The token and key are in the result. Throws Failure `media.invalid` when it does not fit. */
export const renderAgentArchive = (boot: AgentArchive): Buffer => {
  const config = renderAgentConfig({
    apiUrl: boot.apiUrl,
    token: boot.credentials?.token.reveal() ?? null,
    conductorCa: boot.isConductorProven,
    requireSignatures: boot.isConductorProven && boot.credentials !== null,
    isDebug: boot.isDebug ?? false,
    nodeUuid: boot.nodeUuid,
    session: boot.sessionId,
    bootNumber: boot.bootNumber,
    serviceTimeMs: boot.serviceTimeMs,
  });
  const file = (path: string, mode: number, text: string) => ({
    path,
    mode,
    content: Buffer.from(text),
  });
  const files = [
    file(AGENT_CONFIG_PATH, SECRET_MODE, config),
    file(AGENT_CA_PATH, PUBLIC_MODE, boot.authorityPem),
  ];
  if (boot.credentials !== null) {
    files.push(
      file(AGENT_CERT_PATH, PUBLIC_MODE, boot.credentials.certificatePem),
      file(AGENT_KEY_PATH, SECRET_MODE, boot.credentials.keyPem.reveal()),
    );
  }
  if (Object.keys(boot.networkData).length > 0) {
    files.push(file(NETWORK_DATA_PATH, PUBLIC_MODE, JSON.stringify(boot.networkData)));
  }
  const archive = writeCpio(files, Math.floor(boot.serviceTimeMs / 1000));
  if (archive.length > RESERVED_REGION_BYTES) {
    throw new Failure(
      'media.invalid',
      `The configuration of the ramdisk is ${archive.length} bytes, more than the ${RESERVED_REGION_BYTES} that ` +
        'the ramdisk image has room for. The network_data of the node is too large.',
    );
  }
  return Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
};
