// One request and its whole answer, with nothing assumed about the peer: limits on time and size, no redirects,
// errors named by what they mean to an operator.

import type { Clock } from '#clock';

import { Client, type buildConnector } from 'undici';

import { Failure } from '@bessemer/protocol/errors/failure';
import type { JsonObject, JsonValue } from '@bessemer/protocol/json';

import { ANSWER_BYTES_MAX, parseAnswer } from './json-guard.ts';

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

export type Request = {
  readonly method: Method;
  readonly path: string;
  readonly body?: JsonObject;
  readonly headers?: { readonly [name: string]: string };
};

export type Answer = {
  readonly status: number;
  readonly body: JsonValue | undefined;
  readonly header: (name: string) => string | undefined;
};

export type Exchange = {
  readonly send: (request: Request, timeoutMs: number) => Promise<Answer>;
  readonly close: () => Promise<void>;
};

/** BMCs close idle connections early; sending into such a one looks like a broken BMC. */
const KEEP_ALIVE_MS = 2_000;
const HEADER_BYTES_MAX = 16_384;

export const makeExchange = (
  origin: string,
  connect: buildConnector.connector,
  clock: Clock,
): Exchange => {
  const client = new Client(origin, {
    connect,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: HEADER_BYTES_MAX,
    maxResponseSize: ANSWER_BYTES_MAX,
    // One limit from the request to the last byte replaces these: a drip of bytes would never meet them.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return {
    send: async (request, timeoutMs) => {
      const controller = new AbortController();
      const cancel = clock.after(timeoutMs, () => controller.abort());
      try {
        return await sendOnce(client, origin, request, controller.signal);
      } catch (error) {
        if (error instanceof Failure) throw error;
        throw failureOf(error, origin, controller.signal.aborted ? timeoutMs : undefined);
      } finally {
        cancel();
      }
    },
    close: () => client.destroy(),
  };
};

const sendOnce = async (
  client: Client,
  origin: string,
  request: Request,
  signal: AbortSignal,
): Promise<Answer> => {
  const { statusCode, headers, body } = await client.request({
    method: request.method,
    path: request.path,
    signal,
    headers: {
      accept: 'application/json',
      'odata-version': '4.0',
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...request.headers,
    },
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
  });
  const header = (name: string): string | undefined => {
    const value = headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  const text = await readText(body, origin);
  if (statusCode >= 300 && statusCode < 400) {
    throw new Failure(
      'bmc.protocol',
      `The BMC at ${origin} answered with a redirect, which is not followed`,
      {
        details: { status: statusCode, path: request.path },
      },
    );
  }
  const encoding = header('content-encoding') ?? 'identity';
  if (encoding !== 'identity') {
    throw new Failure(
      'bmc.protocol',
      `The BMC at ${origin} compressed its answer although not asked to`,
    );
  }
  return { status: statusCode, body: bodyOf(text, origin, statusCode), header };
};

/** Error pages are often HTML; the status says enough. A successful answer has to be JSON. */
const bodyOf = (text: string, origin: string, status: number): JsonValue | undefined => {
  if (status < 400) return parseAnswer(text, origin);
  try {
    return parseAnswer(text, origin);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
};

const readText = async (body: AsyncIterable<Buffer>, origin: string): Promise<string> => {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > ANSWER_BYTES_MAX) throw tooLarge(origin);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const tooLarge = (origin: string): Failure =>
  new Failure('bmc.protocol', `The BMC at ${origin} answered more than ${ANSWER_BYTES_MAX} bytes`);

const failureOf = (
  error: unknown,
  origin: string,
  timedOutAfterMs: number | undefined,
): Failure => {
  if (timedOutAfterMs !== undefined) {
    return new Failure(
      'bmc.unreachable',
      `The BMC at ${origin} did not answer within ${timedOutAfterMs} ms`,
      {
        isRetryable: true,
        cause: error,
      },
    );
  }
  const code = codeOf(error);
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') return tooLarge(origin);
  if (code.startsWith('HPE_') || code === 'UND_ERR_HEADERS_OVERFLOW') {
    return new Failure('bmc.protocol', `The BMC at ${origin} does not speak HTTP (${code})`, {
      cause: error,
    });
  }
  if (CERTIFICATE_CODE.test(code)) {
    return new Failure(
      'bmc.certificate',
      `The certificate of the BMC at ${origin} is not trusted (${code}). Nothing was sent to it. Set ` +
        'redfish_verify_ca to the CA that issued it, or redfish_pin to the SHA-256 of its public key.',
      { cause: error },
    );
  }
  return new Failure('bmc.unreachable', `The BMC at ${origin} does not answer (${code})`, {
    isRetryable: true,
    cause: error,
  });
};

/** Codes of OpenSSL's verification and of Node.js's check of the name. */
const CERTIFICATE_CODE =
  /^(CERT_|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|INVALID_CA|PATH_LENGTH_EXCEEDED|INVALID_PURPOSE|HOSTNAME_MISMATCH|ERR_TLS_CERT_)/;

const codeOf = (error: unknown): string => {
  let current: unknown = error;
  // An AggregateError or a wrapper hides the code one or two levels down.
  for (let depth = 0; depth < 4 && current instanceof Error; depth += 1) {
    if ('code' in current && typeof current.code === 'string') return current.code;
    current = current instanceof AggregateError ? current.errors[0] : current.cause;
  }
  return error instanceof Error ? error.name : 'unknown error';
};
