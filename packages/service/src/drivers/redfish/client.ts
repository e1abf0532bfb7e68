// Speaking Redfish to one BMC: requests in a queue, let in by a session, repeated only where that is harmless,
// conditional where the BMC has ETags, waiting for tasks.

import { Failure } from '@bessemer/protocol/errors/failure';
import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';

import type { BmcAccess } from './access.ts';
import { etagOf, strongEtag } from './etag.ts';
import type { Answer, Exchange, Request } from './exchange.ts';
import { pathAt } from './links.ts';
import type { Operation } from './operation.ts';
import type { RedfishOptions } from './options.ts';
import type { Queue } from '../queue.ts';
import { refusalOf } from './refused.ts';
import type { Session } from './session.ts';
import { awaitTask, retryAfterMs } from './tasks.ts';

export type Resource = {
  readonly path: string;
  readonly body: JsonObject;
  readonly etag: string | undefined;
};

export type RedfishClient = {
  readonly origin: string;
  /** GET of a resource. Failure 'bmc.refused' (BmcRefused) for 4xx. */
  readonly fetch: (path: string, operation: Operation) => Promise<Resource>;
  /** PATCH with the resource's ETag; on 412 it is read again and the change sent once more. Waits for tasks. */
  readonly patch: (
    resource: Resource,
    change: JsonObject,
    operation: Operation,
    options?: {
      readonly isRepeatable?: boolean;
      readonly isTaskAwaited?: boolean;
      readonly secrets?: readonly string[];
    },
  ) => Promise<void>;
  /** POST of an action, never repeated by itself. Waits for tasks. */
  readonly act: (
    path: string,
    parameters: JsonObject,
    operation: Operation,
    options?: { readonly secrets?: readonly string[] },
  ) => Promise<void>;
  /** DELETE; done, too, when there is nothing at the path. */
  readonly remove: (path: string, operation: Operation) => Promise<void>;
  /** Of the session that requests go by now. */
  readonly sessionPath: () => string | undefined;
};

export type ClientParts = {
  readonly access: BmcAccess;
  readonly exchange: Exchange;
  readonly session: Session;
  readonly queue: Queue;
  readonly options: RedfishOptions;
};

type Ask = (request: Request, operation: Operation, isRepeatable: boolean) => Promise<Answer>;

export const makeRedfishClient = (parts: ClientParts): RedfishClient => {
  const { origin } = parts.access;
  const ask: Ask = (request, operation, isRepeatable) =>
    askRepeatedly(parts, request, operation, isRepeatable);
  const secretsOf = (more: readonly string[] = []): readonly string[] => [
    parts.access.password.reveal(),
    ...more,
  ];
  const task = (accepted: Answer, operation: Operation): Promise<void> =>
    awaitTask(origin, accepted, operation, parts.options.pollMs, (path) =>
      ask({ method: 'GET', path }, operation, true),
    );

  const fetch: RedfishClient['fetch'] = async (path, operation) => {
    const request: Request = { method: 'GET', path: pathAt(origin, path) };
    const answer = await ask(request, operation, true);
    const refused = refusalOf(origin, request, answer, secretsOf());
    if (refused !== undefined) throw refused;
    if (!isJsonObject(answer.body)) {
      throw new Failure('bmc.protocol', `The BMC at ${origin} answered ${path} without an object`);
    }
    return {
      path: request.path,
      body: answer.body,
      etag: etagOf(answer.header('etag'), answer.body),
    };
  };

  return {
    origin,
    fetch,
    patch: async (
      resource,
      change,
      operation,
      { isRepeatable = true, isTaskAwaited = true, secrets = [] } = {},
    ) => {
      const send = (etag: string | undefined): Promise<Answer> =>
        ask(patchOf(resource.path, change, etag), operation, isRepeatable);
      let answer = await send(resource.etag);
      if (answer.status === 412 || answer.status === 428) {
        const { etag } = await fetch(resource.path, operation);
        answer = await send(etag);
        if (answer.status === 412 && etag !== undefined) answer = await send(strongEtag(etag));
      }
      const refused = refusalOf(
        origin,
        patchOf(resource.path, change, undefined),
        answer,
        secretsOf(secrets),
      );
      if (refused !== undefined) throw refused;
      if (isTaskAwaited) await task(answer, operation);
    },
    act: async (path, parameters, operation, options = {}) => {
      const request: Request = { method: 'POST', path: pathAt(origin, path), body: parameters };
      const answer = await ask(request, operation, false);
      const refused = refusalOf(origin, request, answer, secretsOf(options.secrets));
      if (refused !== undefined) throw refused;
      await task(answer, operation);
    },
    remove: async (path, operation) => {
      const request: Request = { method: 'DELETE', path: pathAt(origin, path) };
      const answer = await ask(request, operation, true);
      if (answer.status === 404) return;
      const refused = refusalOf(origin, request, answer, secretsOf());
      if (refused !== undefined) throw refused;
      await task(answer, operation);
    },
    sessionPath: parts.session.path,
  };
};

const patchOf = (path: string, body: JsonObject, etag: string | undefined): Request => ({
  method: 'PATCH',
  path,
  body,
  ...(etag === undefined ? {} : { headers: { 'if-match': etag } }),
});

const BUSY: readonly number[] = [429, 502, 503, 504];

/** Repeats, with growing pauses, what may be repeated; the last answer or failure stands. */
const askRepeatedly = async (
  parts: ClientParts,
  request: Request,
  operation: Operation,
  isRepeatable: boolean,
): Promise<Answer> => {
  const { retryCountMax, retryDelayMs, retryAfterMsMax } = parts.options;
  for (let tries = 0; ; tries += 1) {
    const mayRepeat = isRepeatable && tries < retryCountMax;
    const ownDelayMs = retryDelayMs * 2 ** tries;
    try {
      const answer = await askOnce(parts, request, operation);
      if (!mayRepeat || !BUSY.includes(answer.status)) return answer;
      const delayMs = retryAfterMs(answer) ?? ownDelayMs;
      if (delayMs > retryAfterMsMax || !(await operation.pause(delayMs))) return answer;
    } catch (error) {
      const isWorthIt = error instanceof Failure && error.code === 'bmc.unreachable';
      if (!mayRepeat || !isWorthIt || !(await operation.pause(ownDelayMs))) throw error;
    }
  }
};

/** One turn in the queue: authorised, and sent again once if the session turned out to be lost. */
const askOnce = (parts: ClientParts, request: Request, operation: Operation): Promise<Answer> =>
  parts.queue.run(async () => {
    const limitMs = (): number => Math.min(parts.options.requestTimeoutMs, operation.remainingMs());
    for (let isRepeated = false; ; isRepeated = true) {
      const authorisation = await parts.session.authorise(limitMs());
      const answer = await parts.exchange.send(
        { ...request, headers: { ...request.headers, ...authorisation } },
        limitMs(),
      );
      if (!parts.session.isLostBy(answer, isRepeated)) return answer;
    }
  });
