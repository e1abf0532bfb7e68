// Which addresses a BMC is sent to for an image. It sits in the operator's own network, and who names the address may
// be a tenant.

import { isIP } from 'node:net';

import { Refusal } from '@bessemer/protocol/errors/refusal';

import { makeImageAddressRules } from '#media/image-network';

const SCHEMES = ['http', 'https', 'nfs', 'cifs'];
const URL_CHARS_MAX = 2_048;

const refuse = (text: string): Refusal => new Refusal(400, `image_url ${text}`);

/** Throws Refusal(400). */
export const checkMediumUrl = (text: string, allowedNetworks: readonly string[]): void => {
  const scheme = /^([a-z]+):\/\//.exec(text)?.[1] ?? '';
  if (!SCHEMES.includes(scheme) || !URL.canParse(text)) {
    throw refuse(`must be an address that begins with one of ${SCHEMES.join(', ')}, and ://`);
  }
  // Parsers differ about spaces, controls and backslashes, and about what an address means that is full of them.
  if (!/^[\x21-\x7e]+$/.test(text) || text.includes('\\') || text.length > URL_CHARS_MAX) {
    throw refuse(`must be at most ${URL_CHARS_MAX} characters, the unusual ones percent-encoded.`);
  }
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') {
    throw refuse('must not hold a user name or password.');
  }
  // Only these schemes have their numeric hosts brought into one spelling by the parser.
  const { hostname } = new URL(text.replace(/^[a-z]+:/, 'http:'));
  const host = hostname.replace(/^\[|\]$/g, '');
  if (host === 'localhost') throw refuse('names the host that fetches it.');
  const objection = isIP(host) === 0 ? undefined : makeImageAddressRules(allowedNetworks)(host);
  if (objection !== undefined) throw refuse(`names an address that ${objection}.`);
};
