// An agent as the conductor sees it, over real TLS on an address of its own: it may be ours, a stock one, another
// machine, or somebody else altogether. What reaches it is counted: connections, and bytes behind the handshake.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';

import { agentProofText, conductorProofText } from '@bessemer/protocol/agent/trust';
import type { JsonObject, JsonValue } from '@bessemer/protocol/json';

import { deriveSessionKey } from '#trust/agent-token/derived-keys';
import { keyedDigest } from '#trust/agent-token/keyed-digest';
import { newNonce } from '#trust/agent-token/mutual-proof';
import type { IssuedCertificate } from '#trust/certificate/issue-certificate';
import { pinOfCertificate } from '#trust/certificate/pin';
import { Secret } from '#trust/secret';

export type FakeAgentWish = {
  readonly address: string;
  /** 9999 unless said. */
  readonly port?: number;
  readonly certificate: IssuedCertificate;
  readonly token: string;
  readonly sessionId: string;
  /** A stock agent knows no proof, and no node information. */
  readonly kind?: 'own' | 'stock';
  readonly startedAtMs: number;
  readonly uptimeSeconds?: number;
  readonly macs?: readonly string[];
  readonly serial?: string;
  /** What it answers to commands, before anything else is tried; undefined: to this one as it would without. */
  readonly answers?: (
    name: string,
    params: JsonObject,
  ) => readonly [number, JsonObject] | undefined;
  /** What it proves with, when that is not its token. */
  readonly provesWith?: string;
};

export type Post = {
  /** Without the query. */
  readonly path: string;
  readonly body: string;
  readonly headers: { readonly [name: string]: string | undefined };
};

export type FakeAgent = {
  readonly address: string;
  readonly callbackUrl: string;
  readonly pin: string;
  readonly connections: () => number;
  /** Bytes of HTTP that were sent to it. */
  readonly bytes: () => number;
  /** Names of commands, and `status` and `list` for the questions. */
  readonly requests: () => readonly string[];
  /** Commands as they came. */
  readonly posts: () => readonly Post[];
  readonly token: () => string;
  readonly close: () => Promise<void>;
};

const inventoryOf = (wish: FakeAgentWish): JsonObject => ({
  interfaces: (wish.macs ?? []).map((mac) => ({ name: 'eth0', mac_address: mac })),
  cpu: { count: 1, architecture: 'x86_64' },
  disks: [],
  memory: { physical_mb: 1_024 },
  system_vendor: { serial_number: wish.serial ?? 'SERIAL-1' },
  boot: { current_boot_mode: 'uefi' },
});

const readText = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

const textOf = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');

const succeeded = (name: string, result: JsonValue): JsonObject => ({
  id: '1',
  command_name: name,
  command_status: 'SUCCEEDED',
  command_error: null,
  command_result: result,
});

export const openFakeAgent = async (wish: FakeAgentWish): Promise<FakeAgent> => {
  const { certificatePem, keyPem } = wish.certificate;
  const pin = pinOfCertificate(certificatePem);
  const requests: string[] = [];
  const posts: Post[] = [];
  let { token } = wish;
  let successor: string | undefined;
  let connections = 0;
  let bytes = 0;

  const isRight = (offered: string | null): boolean => {
    if (offered !== null && offered === successor) {
      token = offered;
      successor = undefined;
    }
    return offered === token;
  };

  const prove = (params: JsonObject): JsonObject | undefined => {
    const { sessionId } = wish;
    const known = wish.provesWith ?? token;
    const held = [known, ...(successor === undefined ? [] : [successor])].find((each) => {
      const key = deriveSessionKey(new Secret(each), sessionId, 'prove');
      const asked = conductorProofText(sessionId, pin, textOf(params['nonce']));
      return wish.provesWith !== undefined || keyedDigest(key, asked) === params['proof'];
    });
    if (held === undefined) return undefined;
    const nonce = newNonce();
    const key = deriveSessionKey(new Secret(held), sessionId, 'prove');
    const text = agentProofText(sessionId, pin, textOf(params['nonce']), nonce);
    return succeeded('prove', { nonce, proof: keyedDigest(key, text) });
  };

  const command = (name: string, params: JsonObject): readonly [number, JsonObject] => {
    const own = wish.answers?.(name, params);
    if (own !== undefined) return own;
    if (name === 'poll.get_hardware_info')
      return [200, succeeded('get_hardware_info', inventoryOf(wish))];
    if (wish.kind === 'stock') {
      const faultstring =
        'Invalid command: Node lookup data can only be set when the Ironic Python Agent is running in standalone mode.';
      return [400, { faultstring }];
    }
    const info = params['node_info'] as { readonly config: { readonly agent_token: string } };
    successor = info.config.agent_token;
    return [200, succeeded('set_node_info', null)];
  };

  const answer = async (request: IncomingMessage): Promise<readonly [number, JsonObject]> => {
    const url = new URL(request.url ?? '/', 'http://agent');
    if (url.pathname === '/v1/status') {
      requests.push('status');
      const uptime = wish.uptimeSeconds === undefined ? {} : { uptime: wish.uptimeSeconds };
      return [200, { started_at: wish.startedAtMs / 1_000, version: '11.9.0', ...uptime }];
    }
    const text = await readText(request);
    const body = text === '' ? {} : (JSON.parse(text) as JsonObject);
    if (request.method === 'POST') {
      const headers = request.headers as Post['headers'];
      posts.push({ path: url.pathname, body: text, headers });
    }
    const name = request.method === 'GET' ? 'list' : textOf(body['name']);
    requests.push(name);
    const params = (body['params'] ?? {}) as JsonObject;
    if (name === 'trust.prove' && wish.kind !== 'stock') {
      const proof = prove(params);
      if (proof !== undefined) return [200, proof];
    }
    if (!isRight(url.searchParams.get('agent_token')))
      return [401, { faultstring: 'Token invalid.' }];
    return name === 'list' ? [200, { commands: [] }] : command(name, params);
  };

  const http = createServer((request: IncomingMessage, response: ServerResponse) => {
    void answer(request).then(([status, body]) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  const sockets = new Set<TLSSocket>();
  const server = createTlsServer({ cert: certificatePem, key: keyPem.reveal() }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    http.emit('connection', socket);
  });
  server.on('connection', () => {
    connections += 1;
  });
  // A conductor that sees another key than it wants hangs up in the middle.
  server.on('tlsClientError', () => undefined);
  server.listen(wish.port ?? 9_999, wish.address);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: wish.address,
    callbackUrl: `https://${wish.address}:${port}`,
    pin,
    connections: () => connections,
    bytes: () => bytes,
    requests: () => requests,
    posts: () => posts,
    token: () => token,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};
