// Requests to the service. Over TLS only with a certificate that chains to the authority of the boot medium (or,
// without one, to the public roots); an unknown authority is refused unless the operator said `insecure`.

import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { JsonValue } from '@bessemer/protocol/json';

export type ServiceAnswer = { readonly status: number; readonly body: unknown };

/** Headers that depend on how a request looks on the wire. */
export type SignCall = (wire: {
  readonly method: string;
  readonly url: URL;
  readonly body: Uint8Array;
}) => { readonly [name: string]: string };

export type ServiceCall = {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly version: string | null;
  readonly body?: JsonValue;
  readonly sign?: SignCall;
};

export type ServiceClient = {
  /** Rejects when no base URL could be reached. The error's text has no query in it. */
  readonly call: (call: ServiceCall) => Promise<ServiceAnswer>;
};

export type ServiceClientOptions = {
  readonly apiUrls: readonly string[];
  readonly authorityPem: string | null;
  readonly isInsecure: boolean;
  readonly timeoutMs: number;
  readonly globalRequestId: string | null;
  /** Address that calls come from; null: the system chooses. */
  readonly sourceAddress: string | null;
};

const ANSWER_BYTES_MAX = 4 * 1024 * 1024;

export const makeServiceClient = (options: ServiceClientOptions): ServiceClient => ({
  call: async (call) => {
    let last: unknown = new Error('no service address is configured');
    // The next address is tried on connection errors only: an answer is an answer.
    for (const base of options.apiUrls) {
      try {
        return await callOne(options, base, call);
      } catch (error) {
        last = error;
      }
    }
    throw last;
  },
});

export const callOne = (
  options: ServiceClientOptions,
  base: string,
  { method, path, version, body, sign }: ServiceCall,
): Promise<ServiceAnswer> => {
  const url = new URL(`${base}${path}`);
  const payload = body === undefined ? null : Buffer.from(JSON.stringify(body));
  const headers = {
    Accept: 'application/json',
    'Content-Type': 'application/json',
    ...(payload === null ? {} : { 'Content-Length': String(payload.length) }),
    ...(version === null ? {} : { 'X-OpenStack-Ironic-API-Version': version }),
    ...(options.globalRequestId === null
      ? {}
      : { 'X-OpenStack-Request-ID': options.globalRequestId }),
    ...sign?.({ method, url, body: payload ?? Buffer.alloc(0) }),
  };
  const { sourceAddress } = options;
  const shared = {
    method,
    headers,
    agent: false as const,
    ...(sourceAddress === null ? {} : { localAddress: sourceAddress }),
  };
  return new Promise((resolve, reject) => {
    const request =
      url.protocol === 'https:'
        ? httpsRequest(url, {
            ...shared,
            rejectUnauthorized: !options.isInsecure,
            ...(options.authorityPem === null ? {} : { ca: options.authorityPem }),
          })
        : httpRequest(url, shared);
    request.setTimeout(options.timeoutMs, () => {
      request.destroy(new Error(`no answer within ${options.timeoutMs / 1000} s`));
    });
    request.once('error', reject);
    request.once('response', (response) => {
      const parts: Buffer[] = [];
      let length = 0;
      response.on('data', (part: Buffer) => {
        length += part.length;
        parts.push(part);
        if (length > ANSWER_BYTES_MAX) response.destroy(new Error('the answer is too long'));
      });
      response.once('error', reject);
      response.once('end', () => {
        resolve({ status: response.statusCode ?? 0, body: parsed(Buffer.concat(parts)) });
      });
    });
    request.end(payload ?? undefined);
  });
};

const parsed = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
};
