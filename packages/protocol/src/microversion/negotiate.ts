// Which microversion a request is served at, from its headers.

import {
  MINOR_MAX,
  MINOR_MIN,
  MINOR_WITHOUT_HEADER,
  SERVICE_TYPE,
  STANDARD_VERSION_HEADER,
  VERSION_HEADER,
  versionText,
} from './range.ts';

export type Negotiation =
  | { readonly outcome: 'served'; readonly minor: number }
  | { readonly outcome: 'refused'; readonly text: string };

type Headers = { readonly [name: string]: string | string[] | undefined };

/** The standard header is looked at first; clients that send both send equal values. */
export const negotiate = (headers: Headers, maximum: number = MINOR_MAX): Negotiation => {
  const asked = standardVersion(headers[STANDARD_VERSION_HEADER]) ?? first(headers[VERSION_HEADER]);
  if (asked === undefined) return { outcome: 'served', minor: MINOR_WITHOUT_HEADER };
  const text = asked.trim();
  if (text.toLowerCase() === 'latest') return { outcome: 'served', minor: maximum };
  const parts = /^([0-9]{1,6})\.([0-9]{1,6})$/.exec(text);
  if (parts === null) {
    return { outcome: 'refused', text: 'Invalid value for X-OpenStack-Ironic-API-Version header' };
  }
  const [major, minor] = [Number(parts[1]), Number(parts[2])];
  if (major !== 1) {
    return {
      outcome: 'refused',
      text:
        `Mutually exclusive versions requested. Version ${major}.${minor} requested but not supported by ` +
        `this service. The supported version range is: [${versionText(MINOR_MIN)}, ${versionText(maximum)}].`,
    };
  }
  if (minor < MINOR_MIN || minor > maximum) {
    return {
      outcome: 'refused',
      text:
        `Version ${major}.${minor} was requested but the minor version is not supported by this service. ` +
        `The supported version range is: [${versionText(MINOR_MIN)}, ${versionText(maximum)}].`,
    };
  }
  return { outcome: 'served', minor };
};

const first = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;

/** `compute 2.1, baremetal 1.81`: our entry, or undefined. */
const standardVersion = (value: string | string[] | undefined): string | undefined => {
  const all = Array.isArray(value) ? value.join(',') : value;
  for (const entry of all?.split(',') ?? []) {
    const [service, version] = entry.trim().split(/\s+/, 2);
    if (service?.toLowerCase() === SERVICE_TYPE && version !== undefined) return version;
  }
  return undefined;
};
