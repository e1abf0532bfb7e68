// /v1/drivers/{name}/vendor_passthru: methods of a hardware type itself.

import type { FastifyReply, FastifyRequest } from 'fastify';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonObject } from '@bessemer/protocol/json';

import type { ApiParts, DriverMethod, HardwareTypeFacts } from '../api-parts.ts';
import { passthruArguments, passthruMethodOf } from '../passthru-request.ts';
import { shown } from '../query.ts';
import { METHODS, type Route } from '../route.ts';
import { requireDriver } from './find-driver.ts';

type Methods = NonNullable<HardwareTypeFacts['methods']>;

const methodsOf = async (parts: ApiParts, request: FastifyRequest): Promise<Methods> => {
  const { type } = await requireDriver(parts, request.params);
  if (type.methods !== undefined) return type.methods;
  throw new Refusal(
    400,
    `Driver ${type.name} does not support vendor (disabled or not implemented).`,
  );
};

/** Of those that nobody waits for. */
const RUNNING_MAX = 16;

/** Begins without waiting, as long as not too many are at work. Throws Refusal(503). */
const makeStart = (parts: ApiParts) => {
  let running = 0;
  return (name: string, method: DriverMethod, args: JsonObject): void => {
    if (running >= RUNNING_MAX) {
      throw new Refusal(503, `${RUNNING_MAX} methods of drivers are running, please retry later.`);
    }
    running += 1;
    const run = async (): Promise<void> => {
      try {
        await method.run(args);
      } catch (error) {
        parts.log.warn({ method: name, err: error }, 'a method of a driver failed');
      } finally {
        running -= 1;
      }
    };
    void run();
  };
};

const call = (parts: ApiParts) => {
  const start = makeStart(parts);
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const name = passthruMethodOf(request);
    const methods = await methodsOf(parts, request);
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (method === undefined) throw new Refusal(400, `No handler for method ${shown(name)}`);
    if (!method.httpMethods.includes(request.method)) {
      throw new Refusal(400, `The method ${name} does not support HTTP ${request.method}`);
    }
    const args = passthruArguments(request);
    method.validate(args);
    if (method.isAsync) {
      start(name, method, args);
      return reply.code(202).send();
    }
    const answer = await method.run(args);
    return reply.header('content-type', 'application/json').send(JSON.stringify(answer));
  };
};

export const driverPassthruRoutes = (parts: ApiParts): readonly Route[] => {
  const path = '/v1/drivers/:name/vendor_passthru';
  const rule = 'baremetal:driver:vendor_passthru';
  const handle = call(parts);
  return [
    {
      method: 'GET',
      path: `${path}/methods`,
      rule,
      handle: async (request, reply) => {
        const methods = Object.entries(await methodsOf(parts, request));
        const shownMethods = methods.map(([name, { httpMethods, isAsync, description }]) => [
          name,
          {
            http_methods: httpMethods,
            async: isAsync,
            description,
            attach: false,
            require_exclusive_lock: false,
          },
        ]);
        return reply
          .header('content-type', 'application/json')
          .send(JSON.stringify(Object.fromEntries(shownMethods)));
      },
    },
    ...METHODS.flatMap((method): Route[] => [
      { method, path, rule, handle },
      { method, path: `${path}/:method`, rule, handle },
    ]),
  ];
};
