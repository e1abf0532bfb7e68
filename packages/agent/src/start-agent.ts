// The life of one agent boot: inspection data (if asked for), lookup, certificate, listener, heartbeat. Without a
// service address it starts standalone and waits to be called.

import { isJsonObject } from '@bessemer/protocol/json';
import type { Clock } from '#clock';
import type { Command } from '#commands/command';
import { imageCommands } from '#commands/image-commands';
import { machineCommands } from '#commands/machine-commands';
import { standbyCommands } from '#commands/standby-commands';
import { stepCommands } from '#commands/step-commands';
import { builtInSteps } from '#hardware/built-in-steps';
import type { Hardware } from '#hardware/hardware';
import { makeStepRegistry, type StepManager } from '#hardware/steps';
import { AgentToken } from '#trust/agent-token';
import { makeSelfSigned, type TlsIdentity } from '#trust/self-signed';
import type { AgentContext } from './agent-context.ts';
import type { AgentLog } from './agent-log.ts';
import { AGENT_VERSION } from './agent-version.ts';
import { makeCommandHistory } from './command-history.ts';
import type { AgentConfiguration } from './configuration.ts';
import { type Heartbeat, startHeartbeat } from './heartbeat.ts';
import { type Listener, openListener } from './listener.ts';
import { lookUpNode, takeToken } from './lookup.ts';
import type { DiskWritePermit } from './may-write-disks.ts';
import { findOwnAddress, hostInUrl } from './own-address.ts';
import { postInspection } from './post-inspection.ts';
import { makeServiceClient, type ServiceClient } from './service-client.ts';
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
  const token = new AgentToken();
  if (configuration.token !== null && !token.accept(configuration.token)) {
    log.say('the configured token is no token and is ignored');
  }
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
  });
  const versions = makeVersionQuestion(client, configuration.apiVersion);

  const meeting = await meetService(parts, client, versions, context, token);
  if (meeting.lockDown) {
    lockDown();
    return { callbackUrl: null, stop: async () => {} };
  }
  const host = await advertisedHost(parts);
  const tls = await tlsIdentity(parts, versions, host);
  listener = await openListener({
    host: configuration.listenHost,
    port: configuration.listenPort,
    tls,
    tlsVersionMin: configuration.tlsVersionMin,
    token,
    commands,
    history,
    version: AGENT_VERSION,
    startedAtMs,
  });
  const port = configuration.advertisePort ?? listener.port;
  const callbackUrl = `${tls === null ? 'http' : 'https'}://${hostInUrl(host)}:${port}`;
  log.say(`listens, known as ${callbackUrl}`);
  if (meeting.nodeUuid !== null && !isLockedDown) {
    heartbeat = startHeartbeat({
      client,
      versions,
      nodeUuid: meeting.nodeUuid,
      callbackUrl,
      token,
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

const commandTable = (
  context: AgentContext,
  plugIns: readonly StepManager[],
): ReadonlyMap<string, Command> => {
  const registry = makeStepRegistry(builtInSteps(context), plugIns);
  const isStandalone = context.configuration.apiUrls.length === 0;
  const commands = [
    ...stepCommands('clean', context, registry),
    ...stepCommands('deploy', context, registry),
    ...stepCommands('service', context, registry),
    ...standbyCommands(context),
    ...imageCommands(context),
    ...machineCommands(context, isStandalone),
  ];
  return new Map(commands.map((command) => [command.name, command]));
};

type Meeting = {
  readonly lockDown: boolean;
  readonly nodeUuid: string | null;
  readonly heartbeatTimeoutMs: number;
  readonly isOwnService: boolean;
};

const meetService = async (
  { configuration, hardware, clock, log }: AgentParts,
  client: ServiceClient,
  versions: () => Promise<SpokenVersions>,
  context: AgentContext,
  token: AgentToken,
): Promise<Meeting> => {
  const nobody: Meeting = {
    lockDown: false,
    nodeUuid: null,
    heartbeatTimeoutMs: 0,
    isOwnService: false,
  };
  const inspectedUuid = await postInspection({ configuration, hardware, clock, log });
  if (configuration.apiUrls.length === 0) {
    log.say('no service address is configured: waits to be called');
    return nobody;
  }
  const { interfaces } = await hardware.inventory();
  const found = await lookUpNode({
    client,
    versions,
    macs: interfaces.map((one) => one.mac_address).filter((mac) => mac !== ''),
    nodeUuid: configuration.nodeUuid ?? inspectedUuid,
    timeoutMs: configuration.lookupTimeoutMs,
    intervalMs: configuration.lookupIntervalMs,
    clock,
    log,
  });
  log.say(`this machine is node ${found.node.uuid}`);
  context.state.node = { ...found.node };
  if (takeToken(token, found.config.agent_token, log) === 'lock down') {
    log.say('the token of this boot was given to somebody else');
    return { ...nobody, lockDown: true };
  }
  return {
    lockDown: false,
    nodeUuid: found.node.uuid,
    heartbeatTimeoutMs: found.config.heartbeat_timeout * 1000,
    isOwnService: configuration.isOwnService || isJsonObject(found.config.bessemer),
  };
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

/**
 * From the boot medium, else made now. A service that is too old for certificates in heartbeats gets plain HTTP,
 * as from a stock agent; our own service never is.
 */
const tlsIdentity = async (
  { configuration, clock }: AgentParts,
  versions: () => Promise<SpokenVersions>,
  host: string,
): Promise<TlsIdentity | null> => {
  if (configuration.tls !== null) return configuration.tls;
  if (!configuration.enableAutoTls) return null;
  if (configuration.apiUrls.length > 0 && !(await versions()).sendsCertificate) return null;
  return makeSelfSigned(host, clock.wallMs());
};
