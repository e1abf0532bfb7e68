// /v1/nodes/{node}/vendor_passthru: what plain clients have no command for, offered as methods with names.

import type { FastifyReply, FastifyRequest } from 'fastify';

import type { VendorMethodFacts } from '#conductor/conductor';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { refuseDisallowed } from '@bessemer/protocol/node/disallowed-steps';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import { authorize } from '../access/authorize.ts';
import { nodeTarget } from '../access/node-access.ts';
import type { ApiParts } from '../api-parts.ts';
import { passthruArguments, passthruMethodOf } from '../passthru-request.ts';
import { METHODS, type Route } from '../route.ts';
import { BMC_METHODS } from './bmc-passthru.ts';
import { requireNode } from './find-node.ts';
import { type PassthruMethods, reasonOf, requireArguments } from './passthru-method.ts';

const callerOf = (request: FastifyRequest) => ({
  user: request.user,
  sourceAddress: request.ip,
  requestId: request.id,
});

const PASSTHRU_METHODS: PassthruMethods = {
  ...BMC_METHODS,
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

type ShownMethod = Omit<VendorMethodFacts, 'isExclusive'> & { readonly isExclusive?: boolean };

const shownMethod = (method: ShownMethod): object => ({
  http_methods: method.httpMethods,
  async: method.isAsync,
  description: method.description,
  attach: method.isAttachment,
  require_exclusive_lock: method.isExclusive ?? false,
});

/** Ours, as far as they are of use for the node, and those of the node's driver. */
const methodList = (
  ofDriver: { readonly [name: string]: VendorMethodFacts },
  hasAccounts: boolean,
): object => {
  const ours = Object.entries(PASSTHRU_METHODS)
    .filter(([name]) => hasAccounts || !Object.hasOwn(BMC_METHODS, name))
    .map(([name, { httpMethod, description, isAsync = false }]) => [
      name,
      shownMethod({ httpMethods: [httpMethod], description, isAsync, isAttachment: false }),
    ]);
  const theirs = Object.entries(ofDriver).map(([name, method]) => [name, shownMethod(method)]);
  return Object.fromEntries([...theirs, ...ours]) as object;
};

const callDriver = async (
  parts: ApiParts,
  request: FastifyRequest,
  reply: FastifyReply,
  { node, name }: { readonly node: NodeRecord; readonly name: string },
): Promise<FastifyReply> => {
  // What is disallowed as a step is no more allowed as a call.
  const asStep = { interface: 'vendor', step: name };
  refuseDisallowed([asStep], parts.options.disallowedSteps, 'vendor method');
  const args = passthruArguments(request);
  const called = await parts.conductor.callVendor(node.uuid, {
    name,
    httpMethod: request.method,
    args,
  });
  if (called.isAsync) return reply.code(202).send();
  return reply.header('content-type', 'application/json').send(JSON.stringify(called.answer));
};

const passthru =
  (parts: ApiParts) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const node = await requireNode(parts, request);
    const name = passthruMethodOf(request);
    const method = Object.hasOwn(PASSTHRU_METHODS, name) ? PASSTHRU_METHODS[name] : undefined;
    if (method === undefined) return callDriver(parts, request, reply, { node, name });
    if (method.httpMethod !== request.method) {
      throw new Refusal(400, `The method ${name} does not support HTTP ${request.method}`);
    }
    if (method.rule !== undefined) await authorize(parts, request, method.rule, nodeTarget(node));
    const args = requireArguments(passthruArguments(request), method);
    const answer = await method.call(parts, { node, request, args });
    if (method.isAsync === true) return reply.code(202).send();
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
        const node = await requireNode(parts, request);
        const { conductor } = parts;
        const methods = methodList(
          await conductor.vendorMethods(node.uuid),
          await conductor.keepsBmcCredentials(node.uuid),
        );
        return reply.header('content-type', 'application/json').send(JSON.stringify(methods));
      },
    },
    ...METHODS.flatMap((method): Route[] => [
      { method, path, rule, asked, handle },
      { method, path: `${path}/:method`, rule, asked, handle },
    ]),
  ];
};
