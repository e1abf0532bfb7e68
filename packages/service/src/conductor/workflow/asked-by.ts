// Who asked for what a workflow does, for history: kept in its context, and handed on to what follows it.

import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';

import type { Caller } from '../conductor.ts';

const CALLER_KEY = 'caller';

export const withCaller = <W extends { readonly context?: JsonObject }>(
  work: W,
  caller: Caller | undefined,
): W =>
  caller === undefined ? work : { ...work, context: { ...work.context, [CALLER_KEY]: caller } };

export const callerOf = ({ context }: { readonly context: JsonObject }): Caller | undefined => {
  const caller = context[CALLER_KEY];
  // Nothing else is ever put there.
  return isJsonObject(caller) ? (caller as unknown as Caller) : undefined;
};
