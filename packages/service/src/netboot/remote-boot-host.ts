// The boot host on another machine, as the conductor sees it. The conductor calls it and shows its certificate; what
// answers must be the host that was paired. Kernel and ramdisk are sent when the host says that it lacks them.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';

import { Agent, request } from 'undici';

import { Failure } from '@bessemer/protocol/errors/failure';
import { readBounded } from '@bessemer/protocol/read-bounded';

import type { BootFile, BootHost, BootManifest, Lease } from './boot-host.ts';
import {
  BOOT_HOST_NAME_START,
  BOOTS_PATH,
  DENIALS_PATH,
  FILES_MISSING,
  FILES_PATH,
  LEASES_PATH,
  type PushedBoot,
  type PushedFile,
} from './remote/control-protocol.ts';
import { parseDenialPage } from './remote/denial-log.ts';

export type RemoteBootHostParts = {
  /** `https://host:port` of its control listener. */
  readonly url: string;
  readonly authorityPem: string;
  /** What this conductor shows: PEM. */
  readonly identity: { readonly certificate: string; readonly key: string };
};

const CONNECT_MS_MAX = 10_000;
const ANSWER_MS_MAX = 30_000;
/** A ramdisk over a slow line to another site. */
const SEND_MS_MAX = 600_000;
const ANSWER_BYTES_MAX = 16 * 1024 ** 2;
/** Kernel and ramdisk of a boot; a host that asks again after it got both is broken. */
const ROUNDS_MAX = 3;

const requireBootHost = (host: string, certificate: PeerCertificate): Error | undefined => {
  const wrong = checkServerIdentity(host, certificate);
  if (wrong !== undefined) return wrong;
  // Agents have certificates of the same authority, for the addresses that they ask for.
  return String(certificate.subject.CN).startsWith(BOOT_HOST_NAME_START)
    ? undefined
    : new Error('who answers there is not a boot host');
};

const unreachable = (url: string, cause: unknown): Failure =>
  new Failure('boot.host-unreachable', `The boot host at ${url} does not answer.`, {
    isRetryable: true,
    cause,
  });

const readBody = async (body: AsyncIterable<Buffer>): Promise<unknown> => {
  const text = await readBounded(body, ANSWER_BYTES_MAX);
  return text === '' ? undefined : JSON.parse(text);
};

/** Content of files by path; read once as long as they stay the same. */
const makeDigests = () => {
  const known = new Map<string, { readonly mark: string; readonly sha256: string }>();
  return async (path: string): Promise<string> => {
    const { ino, size, mtimeMs } = await stat(path);
    const mark = `${ino} ${size} ${mtimeMs}`;
    const before = known.get(path);
    if (before?.mark === mark) return before.sha256;
    const digest = createHash('sha256');
    for await (const chunk of createReadStream(path)) digest.update(chunk as Buffer);
    const sha256 = digest.digest('hex');
    known.set(path, { mark, sha256 });
    return sha256;
  };
};

type Call = {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly json?: unknown;
  readonly file?: string;
};

export const makeRemoteBootHost = (parts: RemoteBootHostParts): BootHost => {
  const url = parts.url.replace(/\/+$/, '');
  const digestOf = makeDigests();
  const dispatcher = new Agent({
    connect: {
      timeout: CONNECT_MS_MAX,
      ca: parts.authorityPem,
      cert: parts.identity.certificate,
      key: parts.identity.key,
      minVersion: 'TLSv1.2',
      checkServerIdentity: requireBootHost,
    },
    headersTimeout: SEND_MS_MAX,
    bodyTimeout: ANSWER_MS_MAX,
  });

  const call = async (
    asked: Call,
  ): Promise<{ readonly status: number; readonly body: unknown }> => {
    const { method, path, json, file } = asked;
    try {
      const answer = await request(`${url}${path}`, {
        method,
        dispatcher,
        signal: AbortSignal.timeout(file === undefined ? ANSWER_MS_MAX : SEND_MS_MAX),
        ...(json === undefined
          ? {}
          : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) }),
        ...(file === undefined
          ? {}
          : {
              headers: { 'content-type': 'application/octet-stream' },
              body: createReadStream(file),
            }),
      });
      return { status: answer.statusCode, body: await readBody(answer.body) };
    } catch (error) {
      throw unreachable(url, error);
    }
  };

  const require = async (asked: Call): Promise<unknown> => {
    const { status, body } = await call(asked);
    if (status < 300) return body;
    throw new Failure('boot.host-refused', `The boot host at ${url} refused with ${status}.`, {
      details: { path: asked.path, status },
    });
  };

  const push = async (boot: PushedBoot, paths: ReadonlyMap<string, string>): Promise<void> => {
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const asked: Call = { method: 'PUT', path: `${BOOTS_PATH}/${boot.id}`, json: boot };
      const { status, body } = await call(asked);
      if (status < 300) return;
      const missing = (body as { readonly missing?: unknown } | undefined)?.missing;
      if (status !== FILES_MISSING || !Array.isArray(missing)) break;
      for (const [sha256, file] of paths) {
        if (missing.includes(sha256)) {
          await require({ method: 'PUT', path: `${FILES_PATH}/${sha256}`, file });
        }
      }
    }
    throw new Failure('boot.host-refused', `The boot host at ${url} does not take the boot on.`);
  };

  const prepare = async (manifest: BootManifest): Promise<void> => {
    const paths = new Map<string, string>();
    const pushed = async (file: BootFile): Promise<PushedFile> => {
      if (file.kind === 'url') return file;
      const sha256 = await digestOf(file.path);
      paths.set(sha256, file.path);
      return { kind: 'sha256', sha256 };
    };
    const kernel = await pushed(manifest.kernel);
    await push({ ...manifest, kernel, ramdisk: await pushed(manifest.ramdisk) }, paths);
  };

  let read = { run: '', last: 0 };

  return {
    prepare,
    remove: async (nodeUuid) => {
      await require({ method: 'DELETE', path: `${BOOTS_PATH}/${nodeUuid}` });
    },
    list: async () => {
      const body = await require({ method: 'GET', path: BOOTS_PATH });
      return (body as { readonly boots: Awaited<ReturnType<BootHost['list']>> }).boots;
    },
    leases: async () => {
      const body = await require({ method: 'GET', path: LEASES_PATH });
      return (body as { readonly leases: readonly Lease[] }).leases;
    },
    denials: async () => {
      const path = `${DENIALS_PATH}?run=${encodeURIComponent(read.run)}&after=${read.last}`;
      const { run, last, denials } = parseDenialPage(await require({ method: 'GET', path }));
      read = { run, last };
      return denials;
    },
    close: () => dispatcher.close(),
  };
};
