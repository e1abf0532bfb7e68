// Requests to the service. A refusal comes out as one sentence: the text of the service's error envelope.

import { isJsonObject, type JsonValue } from '@bessemer/protocol/json';
import { versionText, MINOR_MAX, VERSION_HEADER } from '@bessemer/protocol/microversion/range';
import { Agent, type Dispatcher, request } from 'undici';

import { CliFailure } from './cli-failure.ts';
import type { CloudAccess } from './clouds-file.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export type Session = {
  readonly endpoint: string;
  /** The answer's body; undefined when it is empty. Throws CliFailure for every status from 400. */
  readonly call: (method: Method, path: string, body?: JsonValue) => Promise<JsonValue | undefined>;
  /** An answer that has no end: server-sent events. */
  readonly open: (path: string, signal: AbortSignal) => Promise<AsyncIterable<Buffer>>;
  readonly close: () => Promise<void>;
};

/** The service answers requests at once (202 for what takes longer); this is for hosts that are overloaded. */
const ANSWER_MS_MAX = 60_000;
/** A thousand nodes in detail are 2.7 MB. */
const BODY_BYTES_MAX = 64 * 1024 * 1024;
const UNAUTHORIZED = 401;
const FIRST_REFUSAL = 400;

export const openSession = (access: CloudAccess): Session => {
  const dispatcher = new Agent({
    headersTimeout: ANSWER_MS_MAX,
    // Event streams are silent for as long as nothing happens.
    bodyTimeout: 0,
    ...(access.ca === undefined ? {} : { connect: { ca: access.ca } }),
  });
  const headers: { [name: string]: string } = {
    accept: 'application/json',
    [VERSION_HEADER]: versionText(MINOR_MAX),
  };
  if (access.account !== undefined) {
    const { user, password } = access.account;
    headers['authorization'] = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  }
  const send = async (
    path: string,
    options: { method: Method; headers: { [name: string]: string }; body?: string },
    signal?: AbortSignal,
  ): Promise<Dispatcher.ResponseData> => {
    try {
      return await request(access.endpoint + path, {
        ...options,
        dispatcher,
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      if (signal?.aborted === true) throw error;
      throw new CliFailure('unreachable', `cannot reach ${access.endpoint}: ${reasonOf(error)}`, {
        cause: error,
      });
    }
  };
  return {
    endpoint: access.endpoint,
    call: async (method, path, body) => {
      const withBody = body === undefined ? {} : { body: JSON.stringify(body) };
      const contentType: { [name: string]: string } =
        body === undefined ? {} : { 'content-type': 'application/json' };
      const answer = await send(path, {
        method,
        headers: { ...headers, ...contentType },
        ...withBody,
      });
      const text = await readText(answer.body);
      if (answer.statusCode >= FIRST_REFUSAL) throw refusalOf(answer.statusCode, text);
      return text === '' ? undefined : parseJson(text);
    },
    open: async (path, signal) => {
      const answer = await send(
        path,
        { method: 'GET', headers: { ...headers, accept: 'text/event-stream' } },
        signal,
      );
      if (answer.statusCode >= FIRST_REFUSAL) {
        throw refusalOf(answer.statusCode, await readText(answer.body));
      }
      return answer.body;
    },
    close: () => dispatcher.destroy(),
  };
};

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && error.code === 'ECONNREFUSED') return 'nothing listens there';
  return error.message;
};

const readText = async (body: AsyncIterable<Buffer>): Promise<string> => {
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  for await (const part of body) {
    sizeBytes += part.length;
    if (sizeBytes > BODY_BYTES_MAX) {
      throw new CliFailure('failed', `the answer is over ${BODY_BYTES_MAX} bytes`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
};

const parseJson = (text: string): JsonValue => {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new CliFailure('failed', 'the service answered something that is not JSON', {
      cause: error,
    });
  }
};

/** The text of the error envelope: `error_message` is JSON, or text that holds JSON. */
export const refusalOf = (status: number, text: string): CliFailure => {
  if (status === UNAUTHORIZED) {
    return new CliFailure('unreachable', 'the service does not accept this user and password');
  }
  return new CliFailure('failed', faultText(text) ?? `the service answered ${status}`);
};

const faultText = (text: string): string | undefined => {
  let value: unknown = text;
  for (let depth = 0; depth < ENVELOPE_DEPTH_MAX; depth += 1) {
    if (typeof value === 'string') {
      try {
        value = JSON.parse(value);
      } catch (error) {
        return error instanceof SyntaxError && value !== text ? String(value) : undefined;
      }
    }
    if (!isJsonObject(value)) return undefined;
    const fault: JsonValue | undefined = value['faultstring'] ?? value['description'];
    if (typeof fault === 'string') return fault;
    value = value['error_message'];
  }
  return undefined;
};

const ENVELOPE_DEPTH_MAX = 3;
