// What a vendor passthru call names and brings, alike for nodes and for drivers.

import type { FastifyRequest } from 'fastify';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';

/** In the path as the command line writes it, or in the query as other clients do. */
export const passthruMethodOf = (request: FastifyRequest): string => {
  const { method: inPath } = request.params as { readonly method?: string };
  const { method: inQuery } = request.query as { readonly method?: string | readonly string[] };
  const name = inPath ?? inQuery;
  if (typeof name === 'string' && name !== '') return name;
  throw new Refusal(400, 'Method not specified when calling vendor extension.');
};

export const passthruArguments = (request: FastifyRequest): JsonObject => {
  const { body } = request;
  if (body !== undefined && body !== null && !isJsonObject(body)) {
    throw new Refusal(400, 'The request body must be a JSON object');
  }
  const args: JsonObject = { ...(request.query as { [name: string]: string }), ...body };
  delete args['method'];
  return args;
};
