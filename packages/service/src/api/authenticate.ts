// What an authentication mode is to the frame: a question about one request.

import type { IncomingHttpHeaders } from 'node:http';

import type { Credentials } from '#policy/credentials';

export type Authentication =
  | {
      readonly outcome: 'accepted';
      readonly user: string | null;
      readonly credentials: Credentials;
    }
  | {
      readonly outcome: 'refused';
      readonly status: number;
      readonly headers: { readonly [name: string]: string };
      readonly body: string;
    };

/** Answers at once when it can: most requests should not wait a turn for nothing. */
export type Authenticate = (
  headers: IncomingHttpHeaders,
) => Authentication | Promise<Authentication>;
