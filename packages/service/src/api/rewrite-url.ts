// Paths as clients write them, made into the one form that the router knows: `/v1` in front, no `.json` behind.

import type { IncomingMessage } from 'node:http';

import { offers } from '@bessemer/protocol/microversion/features';
import { negotiate } from '@bessemer/protocol/microversion/negotiate';
import { STANDARD_VERSION_HEADER, VERSION_HEADER } from '@bessemer/protocol/microversion/range';

import { markSuffixCut } from './request-context.ts';

const ROOTED = /^\/(?:v[0-9]+|bessemer|metrics|docs)?(?:[/?]|$)/;

export const rewriteUrl = (raw: IncomingMessage): string => {
  const url = raw.url ?? '/';
  const end = url.indexOf('?');
  const path = end === -1 ? url : url.slice(0, end);
  const query = end === -1 ? '' : url.slice(end);
  // No name has a null character, and PostgreSQL could not even look for one.
  if (path.includes('%00')) return '/v1/%2500';
  const rooted = ROOTED.test(path) ? path : `/v1${path}`;
  if (!path.endsWith('.json') || !cutsSuffix(raw)) return rooted + query;
  markSuffixCut(raw);
  return rooted.slice(0, -'.json'.length) + query;
};

/** Only below 1.91, and only for clients that say which version they speak. */
const cutsSuffix = (raw: IncomingMessage): boolean => {
  const { headers } = raw;
  if (headers[VERSION_HEADER] === undefined && headers[STANDARD_VERSION_HEADER] === undefined) {
    return false;
  }
  const negotiation = negotiate(headers);
  return negotiation.outcome === 'served' && !offers(negotiation.minor, 'no-json-suffix');
};
