// Who answers at the address of an agent: with the right key or with another, truthfully or not. It remembers
// connections and requests apart, as what counts is often that there was a handshake and no byte of a request.

import { once } from 'node:events';
import { createServer } from 'node:https';

import { AGENT_PORT } from '@bessemer/protocol/agent/command';
import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';

import { pause, systemClock } from '../../clock.ts';
import { parsed } from './wire.ts';

export type AgentRequest = {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly command: string;
  readonly params: JsonObject;
};

export type AgentReply = {
  readonly status: number;
  readonly headers?: { readonly [name: string]: string };
  readonly body: string | Buffer;
};

export type PlayedAgent = {
  readonly requests: readonly AgentRequest[];
  /** Connections that were opened, whatever came of them. */
  readonly connections: () => number;
  /** True when it came to that in time. */
  readonly until: (isSo: () => boolean, limitMs?: number) => Promise<boolean>;
  readonly close: () => Promise<void>;
};

export type PlayedAgentParts = {
  readonly address: string;
  readonly port?: number;
  readonly certificate: string;
  readonly key: string;
  /** Null: no answer, and the connection stays open. */
  readonly reply: (request: AgentRequest) => AgentReply | null;
};

const LOOK_EACH_MS = 20;
const WAIT_MS_MAX = 20_000;

export const result = (name: string, value: unknown, status = 'SUCCEEDED'): AgentReply => ({
  status: 200,
  body: JSON.stringify({
    id: `id-of-${name}`,
    command_name: name.slice(name.indexOf('.') + 1),
    command_status: status,
    command_error: null,
    command_result: value,
  }),
});

export const startPlayedAgent = async (parts: PlayedAgentParts): Promise<PlayedAgent> => {
  const requests: AgentRequest[] = [];
  let connections = 0;
  const server = createServer({ cert: parts.certificate, key: parts.key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = parsed(Buffer.concat(chunks).toString('utf8'));
      const { name, params } = isJsonObject(body) ? body : {};
      const asked: AgentRequest = {
        method: request.method ?? '',
        target: request.url ?? '',
        command: typeof name === 'string' ? name : '',
        params: isJsonObject(params) ? params : {},
      };
      requests.push(asked);
      const reply = parts.reply(asked);
      if (reply === null) return;
      const { status, headers, body: text } = reply;
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
    });
    request.on('error', () => undefined);
  });
  // Counted before TLS: whoever finds the wrong key leaves in the middle of the handshake.
  server.on('connection', () => {
    connections += 1;
  });
  server.on('secureConnection', (socket) => {
    socket.on('error', () => undefined);
  });
  server.on('tlsClientError', () => undefined);
  server.listen(parts.port ?? AGENT_PORT, parts.address);
  await once(server, 'listening');
  return {
    requests,
    connections: () => connections,
    until: async (isSo, limitMs = WAIT_MS_MAX) => {
      const untilMs = systemClock.monotonicMs() + limitMs;
      while (!isSo()) {
        if (systemClock.monotonicMs() > untilMs) return false;
        await pause(systemClock, LOOK_EACH_MS);
      }
      return true;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
};
