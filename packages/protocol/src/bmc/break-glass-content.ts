// What is inside a break-glass file once it is decrypted: one login at one BMC. The service writes it, `bessemer bmc
// open` reads it; people can, too, with nothing but `age`.

import { isJsonObject } from '../json.ts';
import { isUuid } from '../uuid.ts';

export const BREAK_GLASS_FORMAT = 'bessemer-break-glass/1';

export type BreakGlassProtocol = 'redfish' | 'ipmi';

export const BREAK_GLASS_PROTOCOLS: readonly BreakGlassProtocol[] = ['redfish', 'ipmi'];

export type BreakGlassFacts = {
  readonly node: { readonly uuid: string; readonly name: string | null };
  /** As driver_info has them: a URL for Redfish, a host or host:port for IPMI. */
  readonly addresses: { readonly [protocol in BreakGlassProtocol]?: string };
  /** By which the account can be used. */
  readonly protocols: readonly BreakGlassProtocol[];
  readonly username: string;
  /** The write in the secret store that it was taken from: tells two passwords apart without telling them. */
  readonly writeId: string;
  /** ISO 8601. */
  readonly sealedAt: string;
};

export type BreakGlassContent = BreakGlassFacts & {
  readonly format: typeof BREAK_GLASS_FORMAT;
  readonly password: string;
};

/** Everybody who knows a public key can seal a file to it: nothing in it may steer a terminal. */
const isText = (value: unknown): value is string =>
  typeof value === 'string' && /^[^\p{C}\p{Zl}\p{Zp}]{1,500}$/u.test(value);

/** Undefined for any other text; the text is in no error. */
export const readBreakGlassContent = (text: string): BreakGlassContent | undefined => {
  const value = parse(text);
  if (!isJsonObject(value) || value['format'] !== BREAK_GLASS_FORMAT) return undefined;
  const { node, addresses, protocols, username, password, writeId, sealedAt } = value;
  if (!isJsonObject(node) || !isText(node['uuid']) || !isUuid(node['uuid'])) return undefined;
  if (!isJsonObject(addresses) || !Array.isArray(protocols)) return undefined;
  if (!isText(username) || !isText(password) || !isText(writeId) || !isText(sealedAt)) {
    return undefined;
  }
  return {
    format: BREAK_GLASS_FORMAT,
    node: { uuid: node['uuid'], name: isText(node['name']) ? node['name'] : null },
    addresses: Object.fromEntries(
      BREAK_GLASS_PROTOCOLS.flatMap((protocol) => {
        const address = addresses[protocol];
        return isText(address) ? [[protocol, address]] : [];
      }),
    ),
    protocols: BREAK_GLASS_PROTOCOLS.filter((each) => protocols.includes(each)),
    username,
    password,
    writeId,
    sealedAt,
  };
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
