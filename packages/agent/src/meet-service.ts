// The first talk with the service: inspection data (if asked for) and the lookup. With a service of our own the
// agent shows which key it will listen with before it is given a token, and takes the token sealed.

import { TOKEN_MASK } from '@bessemer/protocol/agent/token';
import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';
import type { Clock } from '#clock';
import type { Hardware } from '#hardware/hardware';
import type { AgentTrust } from '#trust/agent-trust';
import { parseBessemerConfig } from '#trust/bessemer-config';
import { lookupProofHeaders } from '#trust/lookup-proof';
import { makeSealKey, type SealKey } from '#trust/sealed-token';
import type { TlsIdentity } from '#trust/self-signed';
import type { AgentLog } from './agent-log.ts';
import type { AgentConfiguration } from './configuration.ts';
import { likelyTimeMs } from './likely-time.ts';
import { lookUpNode } from './lookup.ts';
import { postInspection } from './post-inspection.ts';
import type { ServiceClient, SignCall } from './service-client.ts';
import type { SpokenVersions } from './service-version.ts';

export type MeetingParts = {
  readonly configuration: AgentConfiguration;
  readonly hardware: Hardware;
  readonly clock: Clock;
  readonly log: AgentLog;
  readonly client: ServiceClient;
  readonly versions: () => Promise<SpokenVersions>;
  readonly trust: AgentTrust;
  /** Null when the service is a stock one: the certificate is then made after the lookup. */
  readonly identity: TlsIdentity | null;
};

export type Meeting =
  /** There is no service to call. */
  | { readonly kind: 'alone' }
  /** Somebody else has the token of this boot. */
  | { readonly kind: 'locked out' }
  | {
      readonly kind: 'met';
      readonly node: JsonObject & { readonly uuid: string };
      readonly heartbeatTimeoutMs: number;
      readonly isOwnService: boolean;
    };

export const meetService = async (parts: MeetingParts): Promise<Meeting> => {
  const { configuration, hardware, clock, log, trust } = parts;
  const isPolled = configuration.apiUrls.length === 0 && configuration.token !== null;
  if (isPolled) {
    log.say('has a token and no service address: waits to be called and calls nobody');
    return { kind: 'alone' };
  }
  const inspectedUuid = await postInspection({ configuration, hardware, clock, log });
  if (configuration.apiUrls.length === 0) {
    log.say('no service address is configured: waits to be called');
    return { kind: 'alone' };
  }
  const { interfaces } = await hardware.inventory();
  const sealKey = makeSealKey();
  const found = await lookUpNode({
    client: parts.client,
    versions: parts.versions,
    macs: interfaces.map((one) => one.mac_address).filter((mac) => mac !== ''),
    nodeUuid: configuration.nodeUuid ?? inspectedUuid,
    timeoutMs: configuration.lookupTimeoutMs,
    intervalMs: configuration.lookupIntervalMs,
    clock,
    log,
    ...(parts.identity === null ? {} : { sign: lookupSigner(parts, parts.identity, sealKey) }),
  });
  log.say(`this machine is node ${found.node.uuid}`);
  if (takeLookupToken(trust, found.config, sealKey, log) === 'lock down') {
    log.say('the token of this boot was given to somebody else');
    return { kind: 'locked out' };
  }
  return {
    kind: 'met',
    node: { ...found.node },
    heartbeatTimeoutMs: found.config.heartbeat_timeout * 1000,
    isOwnService: configuration.isOwnService || isJsonObject(found.config.bessemer),
  };
};

const lookupSigner =
  ({ configuration, clock }: MeetingParts, identity: TlsIdentity, sealKey: SealKey): SignCall =>
  ({ url }) =>
    lookupProofHeaders({
      identity,
      sealKey: sealKey.publicKey,
      host: url.host,
      target: `${url.pathname}${url.search}`,
      dateMs: likelyTimeMs(clock, configuration),
    });

/**
 * What the token of a lookup means. A mask with nothing in memory and nothing sealed says that somebody else has the
 * token of this boot, so this machine must not go on.
 */
export const takeLookupToken = (
  trust: AgentTrust,
  config: { readonly agent_token?: string | null; readonly bessemer?: JsonObject },
  sealKey: Pick<SealKey, 'open'>,
  log: Pick<AgentLog, 'say'>,
): 'go on' | 'lock down' => {
  const own = parseBessemerConfig(config.bessemer);
  if (own !== null) {
    trust.join(own.session);
    trust.learn(own);
  }
  if (own?.sealed_token !== undefined) {
    const opened = sealKey.open(own.sealed_token, own.session);
    if (opened !== null && trust.token.accept(opened)) return 'go on';
    log.say('lookup: the sealed token in the answer does not open and is ignored');
  }
  const offered = config.agent_token;
  if (offered === TOKEN_MASK) return trust.token.isKnown ? 'go on' : 'lock down';
  if (typeof offered === 'string' && !trust.token.accept(offered)) {
    log.say('lookup: the token in the answer is no token and is ignored');
  }
  return 'go on';
};
