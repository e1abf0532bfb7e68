// `http:` and `https:` checks: a service of the operator's says whether the caller may. Anything but a plain yes in
// time is a no.

import { Agent, request } from 'undici';

import type { Clock } from '#clock';

import { type Asker, targetOf } from './language/asker.ts';

export type HttpCheckOptions = {
  readonly contentType: 'application/x-www-form-urlencoded' | 'application/json';
  readonly timeoutMs: number;
  readonly isServerVerified: boolean;
  /** PEM texts. */
  readonly authority: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
};

/** A request of the API waits for it, so no longer than a person would. */
export const EXTERNAL_CHECK_MS_MAX = 5_000;
/** The answer is one word. */
const ANSWER_BYTES_MAX = 1_024;
const CONNECTIONS_MAX = 8;

export type AskHttp = (url: string, asker: Asker) => Promise<boolean>;

export const refuseHttp: AskHttp = () => Promise.resolve(false);

/** `warn` hears why there was no answer. */
export const makeHttpCheck = (
  options: HttpCheckOptions,
  { clock, warn }: { readonly clock: Clock; readonly warn: (text: string) => void },
): AskHttp => {
  const { authority, certificate, key } = options;
  const dispatcher = new Agent({
    connections: CONNECTIONS_MAX,
    maxResponseSize: ANSWER_BYTES_MAX,
    connect: {
      rejectUnauthorized: options.isServerVerified,
      timeout: options.timeoutMs,
      ...(authority === undefined ? {} : { ca: authority }),
      ...(certificate === undefined ? {} : { cert: certificate }),
      ...(key === undefined ? {} : { key }),
    },
  });
  return async (url, asker) => {
    const abort = new AbortController();
    const endWaiting = clock.after(options.timeoutMs, () => abort.abort());
    try {
      const { statusCode, body } = await request(url, {
        method: 'POST',
        headers: { 'content-type': options.contentType },
        body: bodyOf(asker, options.contentType),
        dispatcher,
        signal: abort.signal,
        // Nothing is kept open between requests, so that nothing has to be closed at the end.
        reset: true,
      });
      const text = await body.text();
      return statusCode < 300 && text.trim().replaceAll(/^"+|"+$/g, '') === 'True';
    } catch (error) {
      warn(
        `the policy asked ${new URL(url).origin} and got no answer: ${(error as Error).message}`,
      );
      return false;
    } finally {
      endWaiting();
    }
  };
};

const bodyOf = (asker: Asker, contentType: HttpCheckOptions['contentType']): string => {
  const facts = { rule: asker.rule, target: targetOf(asker), credentials: asker.credentials };
  if (contentType === 'application/json') return JSON.stringify(facts);
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(facts)) form.append(name, JSON.stringify(value));
  return form.toString();
};
