// `bessemer serve`: reads the configuration, wires the parts, starts them, and stops them again. Nothing else.

import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';

import type { FastifyInstance } from 'fastify';

import { makeBootListener } from '#api/boot-listener';
import { makePublicListener } from '#api/public-listener';
import { makeRateLimits } from '#api/ramdisk/rate-limits';
import { makeRamdiskListener } from '#api/ramdisk-listener';
import { systemClock } from '#clock';
import { discoveryOptions } from '#config/discovery-options';
import { openInBandDoor } from '#conductor/bmc-credential/in-band/in-band-door';
import { makeMediaSource } from '#conductor/boot-media';
import { makeImageSource } from '#conductor/image-files';
import { makeStoredLogins } from '#conductor/bmc-credential/stored-login';
import { makeForgeryNoter, makeMediumClients } from '#conductor/medium-clients';
import { startConductor } from '#conductor/start-conductor';
import { agentListenerOptions } from '#config/agent-listener-options';
import { apiOptions, conductorOptions, driverOptions, hostnameOf } from '#config/component-options';
import { bmcCredentialOptions } from '#config/bmc-credential-options';
import { breakGlassOptions } from '#config/break-glass-options';
import { checkSettings } from '#config/check-settings';
import { conductorCertificate } from '#config/conductor-certificate';
import { type DataDirectory, openDataDirectory } from '#config/data-directory';
import { type Endpoint, isEverywhere, isLoopback, parseEndpoint, urlOf } from '#config/endpoint';
import { writeClouds } from '#config/first-account';
import { parseServeFlags, SERVE_USAGE, type ServeFlags } from '#config/flags';
import { withPort } from '#config/free-port';
import { type ListenerCertificate, listenerCertificate } from '#config/listener-certificate';
import { type LoadedConfig, loadConfig } from '#config/load';
import type { Settings } from '#config/schema';
import { ConfigInvalid } from '#config/setting';
import { makeDriverRegistry } from '#drivers/registry';
import { type Log, type LogLevel, makeLog } from '#observe/log';
import { makeMetrics } from '#observe/metrics';
import { openStore } from '#store/database';
import { StoreOfOtherVersion } from '#store/errors';
import { countSessionsByState } from '#store/session-counts';
import { type Authority, openAuthority } from '#trust/certificate/authority';
import { openDriverInfo } from '#trust/driver-secrets';
import { openKeyRing } from '#trust/key-ring';

import { startPresence } from './presence.ts';
import { closeObjectPrototype } from './serve/close-object-prototype.ts';
import { openAccessRules } from './serve/open-access-rules.ts';
import { openAddresses } from './serve/open-addresses.ts';
import { openAuditShipping } from './serve/open-audit-shipping.ts';
import { openAuthentication } from './serve/open-authentication.ts';
import { keepBootsRight, openNetboot } from './serve/open-netboot.ts';
import { openRemoteBootHost } from './serve/open-remote-boot-host.ts';
import { openServiceSecrets } from './serve/open-service-secrets.ts';
import { sealOldSecrets } from './serve/seal-old-secrets.ts';

type Endpoints = {
  readonly api: Endpoint;
  readonly agent: Endpoint;
  readonly boot: Endpoint;
};

type Running = { readonly url: string; readonly stop: () => Promise<void> };

const clock = systemClock;

const readEndpoints = async (settings: Settings): Promise<Endpoints> => ({
  api: await withPort(parseEndpoint('api.listen', settings.api.listen)),
  agent: await withPort(parseEndpoint('agent.listen', settings.agent.listen)),
  boot: await withPort(parseEndpoint('boot.listen', settings.boot.listen)),
});

/** Names and addresses that a certificate for `host` must hold. */
const hostsOf = (host: string, settings: Settings): readonly string[] => {
  if (!isEverywhere(host)) return isLoopback(host) ? [host, 'localhost', '127.0.0.1'] : [host];
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return [
    'localhost',
    hostnameOf(settings),
    ...addresses.filter((each) => !each.scopeid).map((each) => each.address),
  ];
};

/** Plain HTTP on loopback unless a certificate is configured; TLS everywhere else. */
const publicTls = async (
  settings: Settings,
  data: DataDirectory,
  host: string,
  authority: Authority,
): Promise<ListenerCertificate | undefined> => {
  const { tls_cert_file: certificate, tls_key_file: key } = settings.api;
  if (certificate !== null && key !== null) {
    return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
  }
  if (isLoopback(host)) return undefined;
  return listenerCertificate(data.listeners, 'api', hostsOf(host, settings), authority, clock);
};

const listen = async (app: FastifyInstance, { host, port }: Endpoint): Promise<void> => {
  await app.listen({ host, port });
};

const serve = async (loaded: LoadedConfig, flags: ServeFlags, log: Log): Promise<Running> => {
  const { settings } = loaded;
  const data = await openDataDirectory(flags.data);
  const endpoints = await readEndpoints(settings);
  const authentication = await openAuthentication(settings, {
    data,
    host: endpoints.api.host,
    clock,
    log,
  });
  const [store, keys, authority] = await Promise.all([
    openStore(
      settings.database.connection === null
        ? { engine: 'sqlite', path: data.store }
        : { engine: 'postgres', url: settings.database.connection },
    ),
    openKeyRing(data.keys),
    openAuthority(data.authority, clock.wallMs()),
  ]);
  await sealOldSecrets(store, keys, log);
  const tls = await publicTls(settings, data, endpoints.api.host, authority);
  const issue = (name: 'agent' | 'boot'): Promise<ListenerCertificate> => {
    const hosts = hostsOf(endpoints[name].host, settings);
    return listenerCertificate(data.listeners, name, hosts, authority, clock);
  };
  const agentTls = await issue('agent');
  const bootTls = settings.boot.tls ? await issue('boot') : undefined;
  const urls = {
    agentApi: settings.agent.api_url ?? urlOf('https', endpoints.agent),
    boot: settings.boot.public_url ?? urlOf(settings.boot.tls ? 'https' : 'http', endpoints.boot),
  };
  const options = {
    ...conductorOptions(settings, process.env, endpoints.agent.host),
    agentLogsDirectory: data.agentLogs,
  };
  const identity = await conductorCertificate(data.listeners, options.hostname, authority, clock);
  const metrics = makeMetrics(() => countSessionsByState(store.db));
  const eventParts = { store, keys, metrics, clock, log, options };
  const policy = await openAccessRules(
    settings,
    { config: flags.config, data: data.path },
    eventParts,
  );
  const secrets = await openServiceSecrets(settings, eventParts);
  const shipping = await openAuditShipping(settings, { ...eventParts, hostname: options.hostname });
  const drivers = makeDriverRegistry({
    options: driverOptions(settings, endpoints.agent.host),
    openDriverInfo: (node) => openDriverInfo(keys, node),
    useBmcLogin: makeStoredLogins({ store, secrets: secrets.cached, clock }),
    clock,
    log,
  });
  const leave = await startPresence({
    store,
    clock,
    log,
    hostname: options.hostname,
    drivers: drivers.hardwareTypes.map((type) => type.name),
    intervalMs: settings.conductor.heartbeat_interval * 1_000,
  });
  const { hostname } = options;
  const remote = await openRemoteBootHost(settings.netboot, { data, hostname, authority, clock });
  const netboot =
    remote === undefined
      ? await openNetboot(settings.netboot, { ...eventParts, dataPath: data.path })
      : undefined;
  const bootHost = remote ?? netboot?.host;
  const endKeeping = bootHost && (await keepBootsRight(eventParts, bootHost));
  const addresses = await openAddresses(settings, {
    leases: bootHost?.leases,
    isDhcpOwn: netboot?.isDhcpOwn ?? false,
    clock,
    log,
  });
  const discovery = discoveryOptions(settings);
  const conductor = await startConductor({
    store,
    drivers,
    ...(bootHost === undefined ? {} : { bootHost }),
    addresses: addresses.source,
    ...(discovery === undefined ? {} : { discovery }),
    bmcCredentials: {
      secrets: secrets.store,
      options: bmcCredentialOptions(settings),
      openInBand: openInBandDoor,
    },
    breakGlass: { secrets: secrets.store, options: breakGlassOptions(settings) },
    keys,
    authority,
    identity,
    urls,
    clock,
    log,
    metrics,
    options,
  });
  const agent = agentListenerOptions(loaded, endpoints.agent.host);
  const publicApp = makePublicListener({
    store,
    policy,
    conductor,
    drivers,
    clock,
    log,
    metrics,
    options: apiOptions(settings),
    authenticate: authentication.authenticate,
    tls,
  });
  const agentApp = makeRamdiskListener({
    conductor,
    log,
    metrics,
    clock,
    ...agent,
    limits: agent.limits && makeRateLimits(agent.limits),
    publicEndpoint: settings.agent.api_url ?? undefined,
    tls: agentTls,
  });
  const mayFetch = makeMediumClients({ store, drivers, keys, metrics, clock, log, options });
  const bootApp = makeBootListener({
    sources: {
      media: makeMediaSource({
        store,
        keys,
        clock,
        mayFetch,
        onForged: makeForgeryNoter(eventParts),
      }),
      images: makeImageSource({ store, keys, clock, urls, options }),
    },
    tls: bootTls,
    log,
    clock,
  });
  const apps = [publicApp, bootApp, ...(agent.isOpen ? [agentApp] : [])];
  if (netboot !== undefined) apps.push(netboot.app);
  await Promise.all([
    listen(publicApp, endpoints.api),
    ...(agent.isOpen ? [listen(agentApp, endpoints.agent)] : []),
    listen(bootApp, endpoints.boot),
    ...(netboot === undefined ? [] : [listen(netboot.app, netboot.endpoint)]),
  ]);
  shipping.start();
  const url = urlOf(tls === undefined ? 'http' : 'https', endpoints.api);
  const { password } = authentication;
  if (password !== undefined) {
    await writeClouds(data, {
      endpoint: settings.api.public_endpoint ?? url,
      password,
      authorityPath: tls === undefined ? undefined : authority.certificatePath,
    });
  }
  return {
    url,
    stop: async () => {
      await Promise.all(apps.map((app) => app.close()));
      await authentication.close();
      await conductor.stop();
      await shipping.stop();
      endKeeping?.();
      await bootHost?.close();
      await addresses.close();
      await leave();
      await drivers.close();
      await secrets.close();
      await store.close();
    },
  };
};

const serveBoots = async (settings: Settings, dataPath: string, log: Log): Promise<Running> => {
  const { serveBootRole } = await import('./serve/boot-role.ts');
  return serveBootRole(settings.netboot, dataPath, { clock, log });
};

/** After this a stop that hangs is ended the hard way; nothing is lost, workflows resume at the next start. */
const STOP_MS_MAX = 20_000;

const run = async (): Promise<void> => {
  const flags = parseServeFlags(process.argv.slice(2));
  if (flags.isHelpAsked) {
    process.stdout.write(SERVE_USAGE);
    return;
  }
  process.umask(0o077);
  const loaded = await loadConfig({
    file: flags.config,
    environment: process.env,
    overrides: flags.overrides,
  });
  const { settings } = loaded;
  const warnings = checkSettings(loaded);
  const log = makeLog({ level: settings.DEFAULT.log_level as LogLevel });
  for (const text of warnings) log.warn(text);
  const running = await (flags.roles === 'boot'
    ? serveBoots(settings, flags.data, log)
    : serve(loaded, flags, log));
  let isStopping = false;
  const stop = (signal: string): void => {
    if (isStopping) return;
    isStopping = true;
    log.info({ signal }, 'stopping');
    clock.after(STOP_MS_MAX, () => process.exit(1));
    running.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'could not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', () => stop('SIGTERM'));
  process.once('SIGINT', () => stop('SIGINT'));
  process.stdout.write(`ready ${running.url}\n`);
};

closeObjectPrototype();
try {
  await run();
} catch (error) {
  const isForOperator = error instanceof ConfigInvalid || error instanceof StoreOfOtherVersion;
  if (!isForOperator) throw error;
  process.stderr.write(`bessemer serve: ${error.message}\n`);
  process.exitCode = 2;
}
