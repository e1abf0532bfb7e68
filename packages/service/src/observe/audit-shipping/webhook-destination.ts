// A webhook: each batch is one POST of JSON, and any 2xx says that the receiver has it. Redirects are not followed.

import { Agent, request } from 'undici';

import { type Destination, inTime, notShipped, SHIP_MS_MAX } from './destination.ts';

export type WebhookReceiver = {
  /** HTTPS, or HTTP to a loopback address. */
  readonly url: string;
  /** PEM of the authority of its certificate; those of the system when undefined. */
  readonly authorityPem: string | undefined;
  /** What it asks for as bearer token, read for each batch; undefined: nothing. */
  readonly readToken: (() => Promise<string>) | undefined;
};

export const makeWebhookDestination = (
  { url, authorityPem, readToken }: WebhookReceiver,
  hostname: string,
): Destination => {
  const dispatcher = new Agent({
    connect: {
      timeout: SHIP_MS_MAX,
      ...(authorityPem === undefined ? {} : { ca: authorityPem }),
    },
    connections: 1,
    headersTimeout: SHIP_MS_MAX,
    bodyTimeout: SHIP_MS_MAX,
  });

  /** The status. The answer's text is of no use, and may be long. */
  const post = async (body: string, signal: AbortSignal): Promise<number> => {
    const token = await readToken?.();
    const answer = await request(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body,
      dispatcher,
      signal,
    });
    await answer.body.dump();
    return answer.statusCode;
  };

  return {
    name: 'webhook',
    ship: async (records, end) => {
      let status: number;
      try {
        status = await post(JSON.stringify({ conductor: hostname, records }), inTime(end));
      } catch (error) {
        throw notShipped('webhook', `does not take records: ${(error as Error).message}`);
      }
      if (status < 200 || status > 299) throw notShipped('webhook', `answered ${status}`);
    },
    close: () => dispatcher.destroy(),
  };
};
