// A method of vendor_passthru that the service itself has, whatever the driver of the node is.

import type { FastifyRequest } from 'fastify';

import type { RuleName } from '#policy/rules';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { ApiParts } from '../api-parts.ts';
import { asText, shown } from '../query.ts';
import type { Method } from '../route.ts';

export type PassthruCall = {
  readonly node: NodeRecord;
  readonly request: FastifyRequest;
  readonly args: JsonObject;
};

export type PassthruMethod = {
  readonly httpMethod: Method;
  readonly description: string;
  readonly arguments: readonly string[];
  /** Asked besides the one of all methods. */
  readonly rule?: RuleName;
  /** What was asked for is done later; the answer has no body. */
  readonly isAsync?: true;
  /** The answer's body. */
  readonly call: (parts: ApiParts, call: PassthruCall) => Promise<object>;
};

export type PassthruMethods = { readonly [name: string]: PassthruMethod };

/** Longer reasons belong in a ticket. */
const REASON_CHARS_MAX = 500;

export const reasonOf = (args: JsonObject): string | undefined => {
  const reason = asText('reason', args['reason']);
  if ((reason?.length ?? 0) > REASON_CHARS_MAX) {
    throw new Refusal(400, `Expected at most ${REASON_CHARS_MAX} characters for reason`);
  }
  return reason;
};

export const requireArguments = (args: JsonObject, method: PassthruMethod): JsonObject => {
  const unknown = Object.keys(args).filter((name) => !method.arguments.includes(name));
  if (unknown.length === 0) return args;
  throw new Refusal(400, `Unexpected arguments: ${shown(unknown.join(', '))}`);
};
