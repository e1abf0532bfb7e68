// As much of Vault's and OpenBao's published HTTP API as the secret store uses, with the same answers: key-value secrets
// version 2 with versions, check-and-set, pruning, soft delete and destroy; tokens that end and are renewed; AppRole;
// namespaces; sealing. Written from the API's documentation, not tried against the real programs.

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

// oxlint-disable-next-line typescript/no-explicit-any -- bodies of any shape
type Body = any;
type Answer = readonly [status: number, body?: Body];

type Version = { data: Body; readonly created: string; deleted: string; destroyed: boolean };
type Secret = {
  newest: number;
  max: number;
  isCasRequired: boolean;
  versions: Map<number, Version>;
};
type Token = { endMs: number; readonly lifeSeconds: number };

export type VaultFake = {
  readonly url: string;
  readonly state: {
    isSealed: boolean;
    /** Undefined: asked of none. */
    namespace: string | undefined;
    nowMs: number;
    /** Of tokens that AppRole gives. */
    lifeSeconds: number;
    secretId: string;
    logins: number;
    renewals: number;
    /** Whether a policy lets tokens do anything. */
    isAllowed: boolean;
  };
  readonly secrets: Map<string, Secret>;
  readonly tokens: Map<string, Token>;
  readonly stop: () => Promise<void>;
};

const CONTENT_MAX_DEFAULT = 10;
const NOT_FOUND: Answer = [404, { errors: [] }];
const DENIED: Answer = [403, { errors: ['permission denied'] }];
const isoNano = (): string => new Date().toISOString().replace('Z', '123456Z');

const readJson = async (incoming: IncomingMessage): Promise<Body> => {
  let text = '';
  for await (const chunk of incoming) text += String(chunk);
  return text === '' ? {} : JSON.parse(text);
};

const metadataOf = (number: number, { created, deleted, destroyed }: Version): Body => ({
  created_time: created,
  custom_metadata: null,
  deletion_time: deleted,
  destroyed,
  version: number,
});

const writeData = (secret: Secret, { data, options = {} }: Body): Answer => {
  if (options.cas === undefined && secret.isCasRequired) {
    return [400, { errors: ['check-and-set parameter required for this call'] }];
  }
  if (options.cas !== undefined && options.cas !== secret.newest) {
    const text = 'check-and-set parameter did not match the current version';
    return [400, { errors: [text] }];
  }
  secret.newest += 1;
  const version = { data, created: isoNano(), deleted: '', destroyed: false };
  secret.versions.set(secret.newest, version);
  for (const number of secret.versions.keys()) {
    if (number <= secret.newest - secret.max) secret.versions.delete(number);
  }
  return [200, { data: metadataOf(secret.newest, version) }];
};

const readData = (secret: Secret | undefined, asked: string | null): Answer => {
  if (secret === undefined) return NOT_FOUND;
  const number = asked === null || asked === '0' ? secret.newest : Number(asked);
  const version = secret.versions.get(number);
  if (version === undefined) return NOT_FOUND;
  const metadata = metadataOf(number, version);
  if (version.destroyed || version.deleted !== '') return [404, { data: { data: null, metadata } }];
  return [200, { data: { data: version.data, metadata } }];
};

const listBelow = (paths: Iterable<string>, prefix: string): Answer => {
  const keys = new Set<string>();
  for (const path of paths) {
    if (!path.startsWith(`${prefix}/`)) continue;
    const [first = '', ...rest] = path.slice(prefix.length + 1).split('/');
    keys.add(rest.length === 0 ? first : `${first}/`);
  }
  return keys.size === 0 ? NOT_FOUND : [200, { data: { keys: [...keys].sort() } }];
};

const inKeyValues = (
  secrets: Map<string, Secret>,
  method: string,
  url: URL,
  body: Body,
): Answer => {
  const [, kind = '', path = ''] = /^\/v1\/secret\/([a-z]+)\/?(.*)$/.exec(url.pathname) ?? [];
  const found = secrets.get(path);
  const make = (): Secret => {
    const max = CONTENT_MAX_DEFAULT;
    const secret = found ?? { newest: 0, max, isCasRequired: false, versions: new Map() };
    secrets.set(path, secret);
    return secret;
  };
  switch (`${method} ${kind}`) {
    case 'POST data':
      return writeData(make(), body);
    case 'GET data':
      return readData(found, url.searchParams.get('version'));
    case 'POST metadata':
      Object.assign(make(), { max: body.max_versions, isCasRequired: body.cas_required });
      return [204];
    case 'GET metadata': {
      if (url.searchParams.get('list') === 'true') return listBelow(secrets.keys(), path);
      if (found === undefined) return NOT_FOUND;
      const versions = [...found.versions].map(([number, each]) => [
        number,
        metadataOf(number, each),
      ]);
      return [
        200,
        { data: { current_version: found.newest, versions: Object.fromEntries(versions) } },
      ];
    }
    case 'PUT destroy':
      for (const number of body.versions) {
        const version = found?.versions.get(number);
        if (version !== undefined) Object.assign(version, { data: null, destroyed: true });
      }
      return [204];
    default:
      return [405, { errors: ['unsupported operation'] }];
  }
};

export const ROLE_ID = 'role-1';
export const ROOT_TOKEN = 'root-token';

export const startVaultFake = async (): Promise<VaultFake> => {
  const secrets: VaultFake['secrets'] = new Map();
  const tokens: VaultFake['tokens'] = new Map([[ROOT_TOKEN, { endMs: Infinity, lifeSeconds: 0 }]]);
  const state: VaultFake['state'] = {
    isSealed: false,
    namespace: undefined,
    nowMs: 0,
    lifeSeconds: 3_600,
    secretId: 'secret-id-1',
    logins: 0,
    renewals: 0,
    isAllowed: true,
  };
  const authOf = (token: string): Body => ({
    auth: { client_token: token, lease_duration: tokens.get(token)?.lifeSeconds, renewable: true },
  });
  const logIn = (body: Body): Answer => {
    if (body.role_id !== ROLE_ID || body.secret_id !== state.secretId) {
      return [400, { errors: ['invalid role or secret ID'] }];
    }
    state.logins += 1;
    const token = `hvs.${randomUUID()}`;
    const { lifeSeconds, nowMs } = state;
    tokens.set(token, { endMs: nowMs + lifeSeconds * 1_000, lifeSeconds });
    return [200, authOf(token)];
  };
  const answerTo = (incoming: IncomingMessage, body: Body): Answer => {
    const { method = '', headers } = incoming;
    const url = new URL(incoming.url ?? '', 'http://vault');
    const { isSealed: sealed } = state;
    if (url.pathname === '/v1/sys/health') {
      return [sealed ? 503 : 200, { initialized: true, sealed, standby: false }];
    }
    if (sealed) return [503, { errors: ['Vault is sealed'] }];
    if (headers['x-vault-namespace'] !== state.namespace) return DENIED;
    if (url.pathname === '/v1/auth/approle/login') return logIn(body);
    const name = String(headers['x-vault-token']);
    const token = tokens.get(name);
    if (token === undefined || token.endMs <= state.nowMs || !state.isAllowed) return DENIED;
    if (url.pathname === '/v1/auth/token/renew-self') {
      state.renewals += 1;
      token.endMs = state.nowMs + token.lifeSeconds * 1_000;
      return [200, authOf(name)];
    }
    if (url.pathname === '/v1/auth/token/lookup-self') {
      const ttl = token.lifeSeconds === 0 ? 0 : (token.endMs - state.nowMs) / 1_000;
      return [200, { data: { ttl, renewable: token.lifeSeconds > 0 } }];
    }
    if (url.pathname.startsWith('/v1/secret/')) return inKeyValues(secrets, method, url, body);
    return [404, { errors: [`no handler for route "${url.pathname.slice(4)}"`] }];
  };
  const server = createServer((incoming, response) => {
    readJson(incoming)
      .then((body) => {
        const [status, answer] = answerTo(incoming, body);
        const text = answer === undefined ? '' : JSON.stringify(answer);
        response.writeHead(status, { 'content-type': 'application/json' }).end(text);
      })
      .catch(() => response.writeHead(400).end('{"errors":["bad body"]}'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    state,
    secrets,
    tokens,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};
