// /v1/nodes/{node}/vendor_passthru: what plain clients have no command for, offered as methods with names.

import type { FastifyReply, FastifyRequest } from 'fastify';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { ApiParts } from '../api-parts.ts';
import { asText, shown } from '../query.ts';
import { type Method, METHODS, type Route } from '../route.ts';
import { requireNode } from './find-node.ts';

type Call = {
  readonly node: NodeRecord;
  readonly request: FastifyRequest;
  readonly args: JsonObject;
};

type PassthruMethod = {
  readonly httpMethod: Method;
  readonly description: string;
  readonly arguments: readonly string[];
  /** The answer's body. */
  readonly call: (parts: ApiParts, call: Call) => Promise<object>;
};

/** Longer reasons belong in a ticket. */
const REASON_CHARS_MAX = 500;

const callerOf = (request: FastifyRequest) => ({
  user: request.user,
  sourceAddress: request.ip,
  requestId: request.id,
});

const reasonOf = (args: JsonObject): string | undefined => {
  const reason = asText('reason', args['reason']);
  if ((reason?.length ?? 0) > REASON_CHARS_MAX) {
    throw new Refusal(400, `Expected at most ${REASON_CHARS_MAX} characters for reason`);
  }
  return reason;
};

const PASSTHRU_METHODS: { readonly [name: string]: PassthruMethod } = {
  agent_sessions: {
    httpMethod: 'GET',
    description: 'The newest sessions of the agent of this node: state, trust level, key, times.',
    arguments: [],
    call: async ({ conductor }, { node }) => ({
      agent_sessions: await conductor.agentSessions(node.uuid),
    }),
  },
  agent_window_open: {
    httpMethod: 'POST',
    description:
      'Opens the window in which the next lookup that passes all checks gets a new token, while a network boot of ' +
      'this node waits for its agent.',
    arguments: [],
    call: async ({ conductor }, { node, request }) => {
      await conductor.openAgentWindow(node.uuid, callerOf(request));
      return {};
    },
  },
  agent_session_revoke: {
    httpMethod: 'POST',
    description:
      'Ends the trust in the agent of this node at once; the work that relies on it fails. Argument: reason.',
    arguments: ['reason'],
    call: async ({ conductor }, { node, request, args }) => {
      await conductor.revokeAgentSession(node.uuid, {
        ...callerOf(request),
        reason: reasonOf(args),
      });
      return {};
    },
  },
};

const methodList = (): object =>
  Object.fromEntries(
    Object.entries(PASSTHRU_METHODS).map(([name, { httpMethod, description }]) => [
      name,
      {
        http_methods: [httpMethod],
        async: false,
        description,
        attach: false,
        require_exclusive_lock: false,
      },
    ]),
  );

const argumentsOf = (request: FastifyRequest, method: PassthruMethod): JsonObject => {
  const { body } = request;
  if (body !== undefined && body !== null && !isJsonObject(body)) {
    throw new Refusal(400, 'The request body must be a JSON object');
  }
  const args: JsonObject = { ...(request.query as { [name: string]: string }), ...body };
  delete args['method'];
  const unknown = Object.keys(args).filter((name) => !method.arguments.includes(name));
  if (unknown.length === 0) return args;
  throw new Refusal(400, `Unexpected arguments: ${shown(unknown.join(', '))}`);
};

/** In the path as the command line writes it, or in the query as other clients do. */
const nameOf = (request: FastifyRequest): string => {
  const { method: inPath } = request.params as { readonly method?: string };
  const { method: inQuery } = request.query as { readonly method?: string | readonly string[] };
  const name = inPath ?? inQuery;
  if (typeof name === 'string' && name !== '') return name;
  throw new Refusal(400, 'Method not specified when calling vendor extension.');
};

const passthru =
  (parts: ApiParts) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const name = nameOf(request);
    const node = await requireNode(parts, request);
    const method = Object.hasOwn(PASSTHRU_METHODS, name) ? PASSTHRU_METHODS[name] : undefined;
    if (method === undefined) throw new Refusal(400, `No handler for method ${shown(name)}`);
    if (method.httpMethod !== request.method) {
      throw new Refusal(400, `The method ${name} does not support HTTP ${request.method}`);
    }
    const answer = await method.call(parts, { node, request, args: argumentsOf(request, method) });
    return reply.header('content-type', 'application/json').send(JSON.stringify(answer));
  };

export const vendorPassthruRoutes = (parts: ApiParts): readonly Route[] => {
  const handle = passthru(parts);
  const path = '/v1/nodes/:ident/vendor_passthru';
  const rule = 'baremetal:node:vendor_passthru';
  const asked = 'with-object';
  return [
    {
      method: 'GET',
      path: `${path}/methods`,
      rule: 'baremetal:node:vendor_passthru',
      asked: 'with-object',
      handle: async (request, reply) => {
        await requireNode(parts, request);
        return reply.header('content-type', 'application/json').send(JSON.stringify(methodList()));
      },
    },
    ...METHODS.flatMap((method): Route[] => [
      { method, path, rule, asked, handle },
      { method, path: `${path}/:method`, rule, asked, handle },
    ]),
  ];
};
