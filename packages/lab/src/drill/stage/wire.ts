// Requests as an attacker makes them: from any address of this host, over plain HTTP or TLS with a stated authority,
// with any bytes as body. Nothing is followed, nothing is tried again.

import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

export type WireCall = {
  readonly method?: string;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: string | Buffer;
  /** PEM; what the certificate of an HTTPS server must chain to. Null: anything goes. */
  readonly ca?: string | null;
  /** Client certificate. */
  readonly identity?: { readonly cert: string; readonly key: string };
  /** Source address; left to the system when empty. */
  readonly from?: string;
  /** Path and query to be sent as it is, when a URL would tidy it up. */
  readonly rawTarget?: string;
  readonly timeoutMs?: number;
};

export type WireAnswer = {
  readonly status: number;
  readonly text: string;
  readonly headers: { readonly [name: string]: string };
};

const ANSWER_MS_MAX = 20_000;

/** Rejects when there was no HTTP answer at all. */
export const call = (address: string, options: WireCall = {}): Promise<WireAnswer> =>
  new Promise((resolve, reject) => {
    const url = new URL(address);
    const { body, from, ca = null, rawTarget } = options;
    const shared = {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port),
      path: rawTarget ?? `${url.pathname}${url.search}`,
      method: options.method ?? 'GET',
      agent: false as const,
      headers: {
        ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
        ...options.headers,
      },
      ...(from === undefined || from === '' ? {} : { localAddress: from }),
    };
    const request =
      url.protocol === 'https:'
        ? httpsRequest({
            ...shared,
            ...options.identity,
            ...(ca === null ? { rejectUnauthorized: false } : { ca }),
          })
        : httpRequest(shared);
    request.setTimeout(options.timeoutMs ?? ANSWER_MS_MAX, () => {
      request.destroy(new Error('no answer in time'));
    });
    let isAnswered = false;
    request.on('error', (error) => {
      // A server that refuses before the body was read may cut the connection under it.
      if (!isAnswered) reject(error);
    });
    request.once('response', (response) => {
      isAnswered = true;
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const headers: { [name: string]: string } = {};
        for (const [name, value] of Object.entries(response.headers)) headers[name] = String(value);
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, text, headers });
      });
    });
    request.end(body);
  });

/** The status, or how the connection ended: for attempts that may be cut off. */
export const statusOf = async (address: string, options: WireCall = {}): Promise<string> => {
  try {
    return String((await call(address, options)).status);
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
  }
};

export const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};
