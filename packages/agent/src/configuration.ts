// What the agent is told at boot: the kernel line gives defaults, the configuration files beat it. Only `debug`
// on the kernel line beats the files. Everything is read once; `sources` are the files that hold secrets and are
// removed by the caller after reading.

import { readdir, readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { AGENT_PORT } from '@bessemer/protocol/agent/command';
import { parseIni } from '@bessemer/protocol/media/ini';

export type AgentConfiguration = {
  readonly apiUrls: readonly string[];
  /** A token given at boot; never written anywhere. */
  readonly token: string | null;
  readonly listenHost: string;
  readonly listenPort: number;
  readonly advertiseHost: string | null;
  readonly advertisePort: number | null;
  /** Given by the boot medium; else the agent makes its own. */
  readonly tls: { readonly certificatePem: string; readonly keyPem: string } | null;
  readonly enableAutoTls: boolean;
  readonly tlsVersionMin: 'TLSv1.2' | 'TLSv1.3';
  /** PEM; what the service's certificate must chain to. */
  readonly authorityPem: string | null;
  /** Certificates are not checked. Never so with a service of our own. */
  readonly isInsecure: boolean;
  readonly nodeUuid: string | null;
  /** Our own service wrote the configuration. */
  readonly isOwnService: boolean;
  /** UUID of the agent session; known when our own service wrote the configuration. */
  readonly session: string | null;
  /** The service's clock when it wrote the configuration. */
  readonly serviceTimeMs: number | null;
  /** Only who shows a client certificate of the authority may connect. */
  readonly requiresConductorCertificate: boolean;
  /** Commands are taken only with a right signature and a rising sequence. */
  readonly requiresSignatures: boolean;
  /** As given, and without effect: a token is always required. */
  readonly tokenRequirement: string | null;
  readonly inspectionCallbackUrl: string | null;
  readonly apiVersion: string | null;
  readonly globalRequestId: string | null;
  /** Address that calls come from, where one host is many machines; null: the system chooses. */
  readonly sourceAddress: string | null;
  readonly bootMac: string | null;
  readonly enableBiosBootloaderInstall: boolean;
  readonly ignoreBootloaderFailure: boolean;
  readonly lookupTimeoutMs: number;
  readonly lookupIntervalMs: number;
  readonly httpRequestTimeoutMs: number;
  readonly diskWaitAttempts: number;
  readonly diskWaitDelayMs: number;
  readonly downloadRetries: number;
  readonly downloadRetryIntervalMs: number;
  readonly downloadConnectTimeoutMs: number;
  /** Files to remove once they were read. */
  readonly sources: readonly string[];
};

const CONFIG_DIRECTORY = 'etc/ironic-python-agent.d';
/** A configuration is a few lines; anything longer is not one. */
const CONFIG_BYTES_MAX = 256 * 1024;

export const readConfiguration = async (root: string): Promise<AgentConfiguration> => {
  const values = new Map<string, string>();
  // Only our own service writes this section, and only to files: the kernel line cannot reach it.
  const own = new Map<string, string>();
  const kernelLine = await readOptional(join(root, 'proc/cmdline'));
  for (const [key, value] of kernelParameters(kernelLine ?? '')) values.set(key, value);
  const debug = values.get('debug');
  const sources: string[] = [];
  for (const path of await configFiles(root)) {
    const text = await readOptional(path);
    if (text === null) continue;
    sources.push(path);
    for (const { section, key, value } of parseIni(text)) {
      if (section === 'DEFAULT') values.set(normalised(key), value);
      if (section === 'bessemer') own.set(normalised(key), value);
    }
  }
  if (debug !== undefined) values.set('debug', debug);
  const file = async (key: string): Promise<string | null> => {
    const path = values.get(key);
    if (path === undefined || path === '') return null;
    const place = isAbsolute(path) ? join(root, path) : join(root, CONFIG_DIRECTORY, path);
    sources.push(place);
    return readFile(place, 'utf8');
  };
  const certificatePem = await file('tls_cert_file');
  const keyPem = await file('tls_key_file');
  const authorityPem = await file('cafile');
  return configurationOf({
    values,
    own,
    tls: certificatePem !== null && keyPem !== null ? { certificatePem, keyPem } : null,
    authorityPem,
    sources,
  });
};

type Read = Pick<AgentConfiguration, 'tls' | 'authorityPem' | 'sources'> & {
  readonly values: ReadonlyMap<string, string>;
  readonly own: ReadonlyMap<string, string>;
};

const configurationOf = ({ values, own, tls, authorityPem, sources }: Read): AgentConfiguration => {
  const text = (key: string, from = values): string | null => {
    const value = from.get(key)?.trim();
    return value === undefined || value === '' ? null : value;
  };
  const flag = (key: string, ifAbsent: boolean, from = values): boolean => {
    const value = text(key, from)?.toLowerCase();
    return value === undefined ? ifAbsent : ['1', 'true', 'yes', 'on', 't', 'y'].includes(value);
  };
  const number = (key: string, ifAbsent: number): number => {
    const value = Number(text(key) ?? Number.NaN);
    return Number.isFinite(value) && value >= 0 ? value : ifAbsent;
  };
  const seconds = (key: string, ifAbsent: number): number => number(key, ifAbsent) * 1000;
  const isOwnService = own.size > 0;
  const serviceTimeMs = Date.parse(text('service_time', own) ?? '');
  return {
    apiUrls: apiUrlsOf(text('api_url')),
    token: text('agent_token'),
    listenHost: text('listen_host') ?? '::',
    listenPort: number('listen_port', AGENT_PORT),
    advertiseHost: text('advertise_host'),
    advertisePort: text('advertise_port') === null ? null : number('advertise_port', AGENT_PORT),
    tls,
    enableAutoTls: flag('enable_auto_tls', true),
    tlsVersionMin: text('tls_min_version') === '1.3' ? 'TLSv1.3' : 'TLSv1.2',
    authorityPem,
    isInsecure: flag('insecure', false) && !isOwnService,
    nodeUuid: text('node_uuid', own),
    isOwnService,
    session: text('session', own),
    serviceTimeMs: Number.isNaN(serviceTimeMs) ? null : serviceTimeMs,
    requiresConductorCertificate: flag('conductor_ca', false, own),
    requiresSignatures: flag('require_signatures', false, own),
    tokenRequirement: text('agent_token_required'),
    inspectionCallbackUrl: notMdns(text('inspection_callback_url')),
    apiVersion: text('ironic_api_version'),
    globalRequestId: text('global_request_id'),
    sourceAddress: null,
    bootMac: bootMacOf(values.get('bootif') ?? null),
    enableBiosBootloaderInstall: flag('enable_bios_bootloader_install', false),
    ignoreBootloaderFailure: flag('ignore_bootloader_failure', false),
    lookupTimeoutMs: seconds('lookup_timeout', 600),
    lookupIntervalMs: seconds('lookup_interval', 1),
    httpRequestTimeoutMs: seconds('http_request_timeout', 30),
    diskWaitAttempts: number('disk_wait_attempts', 10),
    diskWaitDelayMs: seconds('disk_wait_delay', 3),
    downloadRetries: number('image_download_connection_retries', 9),
    downloadRetryIntervalMs: seconds('image_download_connection_retry_interval', 10),
    downloadConnectTimeoutMs: seconds('image_download_connection_timeout', 60),
    sources,
  };
};

/** `mdns` is not followed: whoever answers first would be the service. */
const notMdns = (text: string | null): string | null =>
  text?.toLowerCase() === 'mdns' ? null : text;

const apiUrlsOf = (text: string | null): string[] =>
  (notMdns(text) ?? '')
    .split(',')
    .map((url) => url.trim().replace(/\/+$/, ''))
    .filter((url) => /^https?:\/\//.test(url) && URL.canParse(url));

/** `BOOTIF` is plain or in the loader's form `01-aa-bb-cc-dd-ee-ff`. */
const bootMacOf = (text: string | null): string | null => {
  const mac = text?.trim().toLowerCase().replace(/^01-/, '').replaceAll('-', ':');
  return mac !== undefined && /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac) ? mac : null;
};

const normalised = (key: string): string => key.trim().toLowerCase().replaceAll('-', '_');

/** Words with `=`, split at the first; no quoting. `ipa-debug` without a value is no parameter. */
export const kernelParameters = (line: string): [string, string][] =>
  line
    .split(/\s+/)
    .filter((word) => word.includes('='))
    .map((word): [string, string] => {
      const at = word.indexOf('=');
      return [normalised(word.slice(0, at)).replace(/^ipa_/, ''), word.slice(at + 1)];
    });

const configFiles = async (root: string): Promise<string[]> => {
  try {
    const names = await readdir(join(root, CONFIG_DIRECTORY));
    return names
      .filter((name) => name.endsWith('.conf'))
      .sort()
      .map((name) => join(root, CONFIG_DIRECTORY, name));
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
};

const readOptional = async (path: string): Promise<string | null> => {
  try {
    const bytes = await readFile(path);
    if (bytes.length > CONFIG_BYTES_MAX) {
      throw new Error(`${path} is over ${CONFIG_BYTES_MAX} bytes`);
    }
    return bytes.toString('utf8');
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
};

export const isAbsent = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';
