// The agent's HTTP(S) interface: the wire of the stock agent. Order of checks: client certificate (no answer at
// all), path, method, token and signature (401), JSON (400), name and params (400), name has a dot (400), busy
// (409), extension (404), command (400), parameters (400). A refused command leaves no trace in the history.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';
import type { Command } from '#commands/command';
import { isConductor } from '#trust/conductor-certificate';
import type { TlsIdentity } from '#trust/self-signed';
import { CommandFailure } from './command-failure.ts';
import type { CommandGate } from './command-gate.ts';
import type { CommandHistory } from './command-history.ts';
import { HttpRefusal } from './http-refusal.ts';
import { parseBody } from './request-body.ts';

export type ListenerParts = {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsIdentity | null;
  readonly tlsVersionMin: 'TLSv1.2' | 'TLSv1.3';
  /** PEM; who shows no certificate of a conductor by this authority gets no byte. Null: everybody may connect. */
  readonly conductorAuthorityPem: string | null;
  readonly gate: CommandGate;
  readonly commands: ReadonlyMap<string, Command>;
  readonly history: CommandHistory;
  readonly version: string;
  readonly startedAtMs: number;
  readonly uptimeSeconds: () => number;
};

export type Listener = { readonly port: number; readonly close: () => Promise<void> };

const HEADER_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 300_000;
const CONNECTIONS_MAX = 64;
/** Strangers that say nothing must not hold the connections that the conductor needs. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
const DOCS_URL = 'https://docs.openstack.org/ironic-python-agent/';
const MEDIA_TYPE = 'application/vnd.openstack.ironic-python-agent.v1+json';

const NOT_FOUND =
  '404 Not Found: The requested URL was not found on the server. If you entered the URL manually ' +
  'please check your spelling and try again.';
const NOT_ALLOWED = '405 Method Not Allowed: The method is not allowed for the requested URL.';

export const openListener = async (parts: ListenerParts): Promise<Listener> => {
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    response.setHeader('Server', 'ironic-python-agent');
    answer(parts, request, response).catch((error: unknown) => refuse(response, error));
  };
  const server = parts.tls === null ? createServer(handle) : tlsServer(parts, parts.tls, handle);
  server.headersTimeout = HEADER_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.maxConnections = CONNECTIONS_MAX;
  await listen(server, parts.host, parts.port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

const tlsServer = (parts: ListenerParts, tls: TlsIdentity, handle: Handle): Server => {
  const options = {
    cert: tls.certificatePem,
    key: tls.keyPem,
    minVersion: parts.tlsVersionMin,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  };
  const ca = parts.conductorAuthorityPem;
  if (ca === null) return createTlsServer(options, handle);
  const server = createTlsServer(
    { ...options, ca, requestCert: true, rejectUnauthorized: true },
    handle,
  );
  // Before the parser of HTTP: the authority gives certificates to agents too, and those are no conductors.
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    if (!isConductor(socket)) socket.destroy();
  });
  return server;
};

/** A kernel without IPv6 has no `::`; then every IPv4 address is meant. */
const listen = async (server: Server, host: string, port: number): Promise<void> => {
  const attempt = (address: string): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, address, () => {
        server.off('error', reject);
        resolve();
      });
    });
  try {
    await attempt(host);
  } catch (error) {
    const isNoIpv6 = error instanceof Error && 'code' in error && error.code === 'EAFNOSUPPORT';
    if (host !== '::' || !isNoIpv6) throw error;
    await attempt('0.0.0.0');
  }
};

const answer = async (
  parts: ListenerParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const url = new URL(`http://agent${request.url?.startsWith('/') ? request.url : '/'}`);
  const path = url.pathname;
  if (path === '/v1' || path === '/v1/commands' || path === '/commands') {
    response.writeHead(308, { Location: `${path}/${url.search}` }).end();
    return;
  }
  const rest = path.startsWith('/v1/') && path !== '/v1/' ? path.slice('/v1'.length) : path;
  if (rest === '/commands/') {
    if (request.method === 'POST') return postCommand(parts, { request, response, url });
    requireGet(request);
    parts.gate.admitRead(url);
    return send(response, 200, { commands: parts.history.list() as unknown as JsonValue });
  }
  const id = /^\/commands\/([^/]+)$/.exec(rest)?.[1];
  if (id !== undefined) {
    requireGet(request);
    parts.gate.admitRead(url);
    return sendResult(parts, response, url, decoded(id));
  }
  requireGet(request, ['/', '/v1/', '/status'].includes(rest));
  const base = `${parts.tls === null ? 'http' : 'https'}://${request.headers.host ?? 'agent'}`;
  if (rest === '/') return send(response, 200, rootBody(base));
  if (rest === '/v1/') return send(response, 200, versionBody(base));
  return send(response, 200, {
    started_at: parts.startedAtMs / 1000,
    version: parts.version,
    uptime: Math.floor(parts.uptimeSeconds()),
  });
};

const requireGet = (request: IncomingMessage, isKnown = true): void => {
  if (!isKnown) throw new HttpRefusal(404, NOT_FOUND);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    throw new HttpRefusal(405, NOT_ALLOWED);
  }
};

const isWaiting = (url: URL): boolean => url.searchParams.get('wait')?.toLowerCase() === 'true';

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
};

const sendResult = async (
  parts: ListenerParts,
  response: ServerResponse,
  url: URL,
  id: string,
): Promise<void> => {
  const result = isWaiting(url) ? await parts.history.waitFor(id) : parts.history.find(id);
  if (result === undefined) {
    throw new CommandFailure('NotFound', `Command Result with id ${id} not found.`);
  }
  send(response, 200, result);
};

type Exchange = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
};

const postCommand = async (
  parts: ListenerParts,
  { request, response, url }: Exchange,
): Promise<void> => {
  const admitted = await parts.gate.admitCommand(request, url);
  if (admitted.kind === 'proof') return send(response, 200, admitted.result);
  const body = parseBody(admitted.body);
  // It may hold a password; as a text nobody else keeps it.
  admitted.body.fill(0);
  const { name, params } = isJsonObject(body) ? body : {};
  if (typeof name !== 'string' || name === '' || !isJsonObject(params)) {
    throw new HttpRefusal(400, '400 Bad Request: Missing or invalid name or params');
  }
  const at = name.indexOf('.');
  if (at < 1 || name.indexOf('.', at + 1) !== -1) {
    throw new CommandFailure(
      'InvalidCommandError',
      'Command name must be of the form <extension>.<name>',
    );
  }
  parts.gate.admitOwner(request);
  // Questions of a conductor that polls must not wait for the work that it asks about.
  if (!name.startsWith('poll.')) parts.history.refuseIfBusy();
  const command = findCommand(parts.commands, name.slice(0, at), name.slice(at + 1));
  command.validate?.(params);
  const started = await parts.history.start(command, params);
  const result = isWaiting(url) ? await parts.history.waitFor(started.id) : started;
  send(response, 200, result ?? started);
};

const findCommand = (
  commands: ReadonlyMap<string, Command>,
  extension: string,
  name: string,
): Command => {
  if (![...commands.keys()].some((known) => known.startsWith(`${extension}.`))) {
    throw new CommandFailure('NotFound', `Extension with id ${extension} not found.`);
  }
  const command = commands.get(`${extension}.${name}`);
  if (command === undefined) {
    throw new CommandFailure('InvalidCommandError', `Unknown command: ${name}`);
  }
  return command;
};

const send = (response: ServerResponse, status: number, body: JsonValue): void => {
  const bytes = Buffer.from(JSON.stringify(body));
  response
    .writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': bytes.length })
    .end(bytes);
};

const refuse = (response: ServerResponse, error: unknown): void => {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const [status, text] =
    error instanceof HttpRefusal
      ? [error.status, error.message]
      : error instanceof CommandFailure
        ? [error.status, error.text]
        : [500, error instanceof Error ? error.message : String(error)];
  // The rest of an unread body would be taken for the next request.
  response.setHeader('Connection', 'close');
  send(response, status, { faultcode: status >= 500 ? 'Server' : 'Client', faultstring: text });
};

const versionEntry = (base: string): JsonObject => ({
  id: 'v1',
  links: [
    { href: `${base}/v1`, rel: 'self' },
    { href: DOCS_URL, rel: 'describedby', type: 'text/html' },
  ],
});

const rootBody = (base: string): JsonObject => ({
  name: 'OpenStack Ironic Python Agent API',
  description: 'Bessemer agent: prepares, erases and describes the machine that it runs on.',
  versions: [versionEntry(base)],
  default_version: versionEntry(base),
});

const versionBody = (base: string): JsonObject => ({
  ...versionEntry(base),
  commands: [
    { href: `${base}/v1/commands/`, rel: 'self' },
    { href: `${base}/commands/`, rel: 'bookmark' },
  ],
  status: [
    { href: `${base}/v1/status`, rel: 'self' },
    { href: `${base}/status`, rel: 'bookmark' },
  ],
  media_types: [{ base: 'application/json', type: MEDIA_TYPE }],
});
