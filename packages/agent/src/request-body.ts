// Bodies of requests: read up to a limit, then taken for JSON.

import type { IncomingMessage } from 'node:http';
import { HttpRefusal } from './http-refusal.ts';

/** Rejects with what `tooLong` makes when there are more bytes than allowed. */
export const readBody = async (
  request: IncomingMessage,
  bytesMax: number,
  tooLong: () => HttpRefusal,
): Promise<Buffer> => {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request) {
    length += (part as Buffer).length;
    if (length > bytesMax) throw tooLong();
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts);
};

export const parseBody = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(bytes.toString('utf8'), (key, value: unknown) =>
      // A key that would reach the prototype of later copies is dropped.
      key === '__proto__' ? undefined : value,
    );
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new HttpRefusal(
      400,
      '400 Bad Request: Failed to decode JSON object: the body is not JSON',
    );
  }
};
