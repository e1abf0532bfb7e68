// The product under attack: `./bessemer serve` as a process of its own, started as an operator would, and spoken to
// as its users and ramdisks do.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import {
  cacheDirectory,
  LIGHT_RAMDISK_INITRAMFS,
  LIGHT_RAMDISK_ISO,
  LIGHT_RAMDISK_KERNEL,
} from '@bessemer/protocol/paths';

import { freePorts } from '../../free-ports.ts';
import { LabFailure } from '../../lab-failure.ts';
import { call, parsed, type WireAnswer, type WireCall } from './wire.ts';

const BESSEMER = join(import.meta.dirname, '../../../../../bessemer');
const READY_MS_MAX = 60_000;
const LOG_TAIL_CHARS = 3_000;

export type ApiAnswer = { readonly status: number; readonly body: unknown; readonly text: string };

export type Product = {
  /** Public API. */
  readonly url: string;
  /** Listener for ramdisks. */
  readonly agentUrl: string;
  /** Boot media and images over TLS. */
  readonly bootUrl: string;
  /** Boot files over plain HTTP, for loaders. */
  readonly netbootUrl: string;
  readonly data: string;
  /** Undefined: it runs somewhere else. */
  readonly pid: number | undefined;
  /** PEM of the service's own authority. */
  readonly ca: string;
  /** As the administrator. */
  readonly api: (method: string, path: string, body?: unknown) => Promise<ApiAnswer>;
  /** As a ramdisk: over TLS, checked against the service's authority. */
  readonly ramdisk: (path: string, options?: WireCall) => Promise<WireAnswer>;
  readonly stop: () => Promise<void>;
};

export const accountOf = (data: string): string => {
  const text = readFileSync(join(data, 'clouds.yaml'), 'utf8');
  const value = (key: string): string =>
    new RegExp(`\\b${key}: *["']?([^"'\\s,}]+)`).exec(text)?.[1] ?? '';
  return Buffer.from(`${value('username')}:${value('password')}`).toString('base64');
};

const readyUrl = async (child: ChildProcess, logPath: string): Promise<string> => {
  if (child.stdout === null) throw new Error('serve was started without a pipe');
  const lines = createInterface({ input: child.stdout });
  const isOver = new AbortController();
  const timeout = AbortSignal.any([isOver.signal, AbortSignal.timeout(READY_MS_MAX)]);
  const fail = (why: string): never => {
    throw new LabFailure(`${why}:\n${readFileSync(logPath, 'utf8').slice(-LOG_TAIL_CHARS)}`);
  };
  try {
    const line = await Promise.race<string>([
      once(lines, 'line', { signal: timeout }).then(([text]) => text as string),
      once(child, 'exit', { signal: timeout }).then(([code]) => fail(`serve ended with ${code}`)),
    ]);
    return /^ready (\S+)$/.exec(line)?.[1] ?? fail(`serve said "${line}"`);
  } finally {
    isOver.abort();
  }
};

type Known = Pick<Product, 'url' | 'agentUrl' | 'bootUrl' | 'netbootUrl' | 'ca'> & {
  /** User and password in base64. */
  readonly account: string;
};

/** How a service is spoken to of which all addresses are known. */
export const spokenTo = ({ account, ...known }: Known): Omit<Product, 'data' | 'pid' | 'stop'> => ({
  ...known,
  api: async (method, path, body) => {
    const answer = await call(new URL(path, known.url).href, {
      method,
      headers: {
        authorization: `Basic ${account}`,
        'x-openstack-ironic-api-version': 'latest',
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, text: answer.text, body: parsed(answer.text) };
  },
  ramdisk: (path, more = {}) =>
    call(`${known.agentUrl}${path}`, {
      ca: known.ca,
      ...more,
      headers: { 'x-openstack-ironic-api-version': '1.68', ...more.headers },
    }),
});

export type ProductOptions = {
  readonly directory: string;
  /** Where machines that boot over the network are sent. */
  readonly netbootUrl: string;
  readonly settings: readonly string[];
};

export const startProduct = async (options: ProductOptions): Promise<Product> => {
  const data = join(options.directory, 'data');
  const logPath = join(options.directory, 'serve.log');
  const [agentPort, bootPort] = await freePorts(2);
  const cache = cacheDirectory(process.env);
  const { netbootUrl } = options;
  const settings = [
    'redfish.allow_loopback=true',
    `deploy.ramdisk_iso=${join(cache, LIGHT_RAMDISK_ISO)}`,
    `deploy.deploy_kernel=${join(cache, LIGHT_RAMDISK_KERNEL)}`,
    `deploy.deploy_ramdisk=${join(cache, LIGHT_RAMDISK_INITRAMFS)}`,
    `netboot.http_listen=${new URL(netbootUrl).host}`,
    // A lab has no leases; each machine has the one address that its network data give it.
    'netboot.source_check=lease',
    ...options.settings,
  ];
  const args = [
    'serve',
    '--data',
    data,
    '--listen',
    '127.0.0.1:0',
    '--agent-listen',
    `127.0.0.1:${agentPort}`,
    '--boot-listen',
    `127.0.0.1:${bootPort}`,
    ...settings.flatMap((setting) => ['--set', setting]),
  ];
  const child = spawn(BESSEMER, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(logPath, { flags: 'a', mode: 0o600 });
  await once(log, 'open');
  child.stderr.pipe(log);
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await exited;
  };
  let url: string;
  try {
    url = await readyUrl(child, logPath);
  } catch (error) {
    await stop();
    throw error;
  }
  const spoken = spokenTo({
    url,
    agentUrl: `https://127.0.0.1:${agentPort}`,
    bootUrl: `https://127.0.0.1:${bootPort}`,
    netbootUrl,
    ca: readFileSync(join(data, 'ca', 'ca.crt'), 'utf8'),
    account: accountOf(data),
  });
  return { ...spoken, data, pid: child.pid, stop };
};
