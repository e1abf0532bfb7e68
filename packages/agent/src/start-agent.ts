// The life of one agent boot: certificate, inspection data (if asked for), lookup, listener, heartbeat. Without a
// service address it starts standalone and waits to be called. A stock service may be too old for certificates in
// heartbeats, so for it the certificate is made after the lookup; for our own before, as the lookup proves its key.

import type { Clock } from '#clock';
import { commandTable } from '#commands/command-table';
import type { Hardware } from '#hardware/hardware';
import type { StepManager } from '#hardware/steps';
import { AgentTrust } from '#trust/agent-trust';
import { makeSelfSigned, type TlsIdentity } from '#trust/self-signed';
import type { AgentContext } from './agent-context.ts';
import type { AgentLog } from './agent-log.ts';
import { AGENT_VERSION } from './agent-version.ts';
import { makeCommandGate } from './command-gate.ts';
import { makeCommandHistory } from './command-history.ts';
import type { AgentConfiguration } from './configuration.ts';
import { type Heartbeat, startHeartbeat } from './heartbeat.ts';
import { likelyTimeMs } from './likely-time.ts';
import { type Listener, openListener } from './listener.ts';
import type { DiskWritePermit } from './may-write-disks.ts';
import { meetService } from './meet-service.ts';
import { findOwnAddress, hostInUrl } from './own-address.ts';
import { makeServiceClient } from './service-client.ts';
import { makeVersionQuestion, type SpokenVersions } from './service-version.ts';

export type AgentParts = {
  readonly configuration: AgentConfiguration;
  readonly hardware: Hardware;
  readonly permit: DiskWritePermit | null;
  readonly clock: Clock;
  readonly log: AgentLog;
  readonly plugIns?: readonly StepManager[];
};

export type RunningAgent = {
  /** Null after a lockdown. */
  readonly callbackUrl: string | null;
  readonly stop: () => Promise<void>;
};

/** So long may the answer to the last command take to get out. */
const END_DELAY_MS = 300;
/** Stock services want no forced heartbeats closer together. */
const FORCED_GAP_MS = 5_000;
const OWN_ADDRESS_ATTEMPTS = 6;
const OWN_ADDRESS_PAUSE_MS = 2_000;

export const startAgent = async (parts: AgentParts): Promise<RunningAgent> => {
  const { configuration, hardware, clock, log } = parts;
  const startedAtMs = clock.wallMs();
  const bootedAtMs = clock.monotonicMs();
  const trust = trustOf(configuration, log);
  const conductorAuthorityPem = conductorAuthority(configuration);
  let heartbeat: Heartbeat | null = null;
  let listener: Listener | null = null;
  let isLockedDown = false;

  const lockDown = (): void => {
    isLockedDown = true;
    heartbeat?.stop();
    log.say('locked down: network goes down until the next boot');
    clock.after(END_DELAY_MS, () => {
      void Promise.all([listener?.close(), hardware.networkDown()]);
    });
  };
  const context: AgentContext = {
    hardware,
    permit: parts.permit,
    configuration,
    trust,
    state: { node: null, image: null },
    clock,
    log,
    lockDown,
    end: async (how) => {
      heartbeat?.stop();
      await hardware.flush();
      log.say(how === 'power-off' ? 'powers off' : 'restarts');
      clock.after(END_DELAY_MS, () => void hardware.end(how));
    },
  };
  const history = makeCommandHistory(() => heartbeat?.force());
  const commands = commandTable(context, parts.plugIns ?? []);
  const client = makeServiceClient({
    apiUrls: configuration.apiUrls,
    authorityPem: configuration.authorityPem,
    isInsecure: configuration.isInsecure,
    timeoutMs: configuration.httpRequestTimeoutMs,
    globalRequestId: configuration.globalRequestId,
    sourceAddress: configuration.sourceAddress,
  });
  const versions = makeVersionQuestion(client, configuration.apiVersion);

  const early = configuration.isOwnService ? await identityForOwn(parts) : null;
  const meeting = await meetService({ ...parts, client, versions, trust, identity: early });
  if (meeting.kind === 'locked out') {
    lockDown();
    return { callbackUrl: null, stop: async () => {} };
  }
  if (meeting.kind === 'met') context.state.node = meeting.node;
  const host = await advertisedHost(parts);
  const tls = early ?? (await identityForStock(parts, versions, host));
  trust.serve(tls);
  listener = await openListener({
    host: configuration.listenHost,
    port: configuration.listenPort,
    tls,
    tlsVersionMin: configuration.tlsVersionMin,
    conductorAuthorityPem,
    gate: makeCommandGate(trust, log),
    commands,
    history,
    version: AGENT_VERSION,
    startedAtMs,
    uptimeSeconds: () => (clock.monotonicMs() - bootedAtMs) / 1000,
  });
  const port = configuration.advertisePort ?? listener.port;
  const callbackUrl = `${tls === null ? 'http' : 'https'}://${hostInUrl(host)}:${port}`;
  log.say(`listens, known as ${callbackUrl}`);
  if (meeting.kind === 'met' && !isLockedDown) {
    heartbeat = startHeartbeat({
      client,
      versions,
      nodeUuid: meeting.node.uuid,
      callbackUrl,
      trust,
      agentVersion: AGENT_VERSION,
      certificatePem: tls?.certificatePem ?? null,
      timeoutMs: meeting.heartbeatTimeoutMs,
      forcedGapMs: meeting.isOwnService ? 0 : FORCED_GAP_MS,
      clock,
      log,
    });
  }
  return {
    callbackUrl,
    stop: async () => {
      heartbeat?.stop();
      await listener?.close();
    },
  };
};

const trustOf = (configuration: AgentConfiguration, log: AgentLog): AgentTrust => {
  const { session, requiresSignatures, tokenRequirement } = configuration;
  const trust = new AgentTrust({ session, requiresSignatures });
  if (configuration.token !== null && !trust.token.accept(configuration.token)) {
    log.say('the configured token is no token and is ignored');
  }
  if (tokenRequirement !== null) {
    log.say('agent_token_required is given: requirement locked on, nothing turns it off');
  }
  return trust;
};

/** Fails rather than listen to everybody when the medium asks for what it does not bring. */
const conductorAuthority = (configuration: AgentConfiguration): string | null => {
  const { requiresConductorCertificate, authorityPem } = configuration;
  if (!requiresConductorCertificate) return null;
  if (authorityPem !== null) return authorityPem;
  throw new Error('conductor_ca is set, but the medium has no authority to check conductors by');
};

/** Given, else the address towards the service, else the first that an interface has. */
const advertisedHost = async ({ configuration, hardware, clock }: AgentParts): Promise<string> => {
  if (configuration.advertiseHost !== null) return configuration.advertiseHost;
  const { listenHost } = configuration;
  if (listenHost !== '::' && listenHost !== '0.0.0.0') return listenHost;
  const [apiUrl] = configuration.apiUrls;
  for (let attempt = 0; attempt < OWN_ADDRESS_ATTEMPTS; attempt += 1) {
    const found = apiUrl === undefined ? undefined : await findOwnAddress(apiUrl);
    if (found !== undefined) return found;
    const { interfaces } = await hardware.inventory();
    const own = interfaces.find((one) => one.ipv4_address !== null)?.ipv4_address;
    if (own !== undefined && own !== null) return own;
    await clock.sleep(OWN_ADDRESS_PAUSE_MS);
  }
  throw new Error('this machine has no address that the service could reach');
};

/** From the boot medium, else made now. */
const identityForOwn = async (parts: AgentParts): Promise<TlsIdentity> => {
  const { configuration, clock } = parts;
  if (configuration.tls !== null) return configuration.tls;
  return makeSelfSigned(await advertisedHost(parts), likelyTimeMs(clock, configuration));
};

/** A service that is too old for certificates in heartbeats gets plain HTTP, as from a stock agent. */
const identityForStock = async (
  parts: AgentParts,
  versions: () => Promise<SpokenVersions>,
  host: string,
): Promise<TlsIdentity | null> => {
  const { tls, enableAutoTls, apiUrls } = parts.configuration;
  if (tls !== null) return tls;
  if (!enableAutoTls) return null;
  if (apiUrls.length > 0 && !(await versions()).sendsCertificate) return null;
  return makeSelfSigned(host, parts.clock.wallMs());
};
