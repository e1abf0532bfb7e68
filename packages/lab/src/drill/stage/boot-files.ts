// Boot files as an attacker knows them: by the addresses that it saw, or saw a part of.

import { isJsonObject } from '@bessemer/protocol/json';

import { LabFailure } from '../../lab-failure.ts';
import type { DrillMachine } from './labs.ts';
import { shown } from './shown.ts';
import { call, parsed } from './wire.ts';

const CD = '/redfish/v1/Managers/1/VirtualMedia/Cd';

/** What the BMC was told to fetch. */
export const mediumUrl = async ({ driverInfo }: DrillMachine): Promise<string> => {
  const login = `${shown(driverInfo['redfish_username'])}:${shown(driverInfo['redfish_password'])}`;
  const answer = await call(`${shown(driverInfo['redfish_address'])}${CD}`, {
    headers: { authorization: `Basic ${Buffer.from(login).toString('base64')}` },
  });
  const body = parsed(answer.text);
  const image = isJsonObject(body) ? body['Image'] : undefined;
  if (typeof image !== 'string') throw new LabFailure('there is no medium in the drive');
  return image;
};

/** Where the firmware of a machine asks for its boot, after the entry script. */
export const scriptByMac = (netbootUrl: string, mac: string): string =>
  `${netbootUrl}/netboot/by-mac/${mac.replaceAll(':', '-')}`;

/** Every address that a boot script names. */
export const addressesIn = (script: string): readonly string[] =>
  [...script.matchAll(/https?:\/\/\S+/g)]
    .map(([address]) => address)
    .filter((address) => address.includes('/netboot/'));

/** Changes one part of the path, counted from the end: 0 the name, 1 the expiry, 2 the signature, 3 the id. */
export const withPart = (address: string, fromEnd: number, text: string): string => {
  const parts = address.split('/');
  parts[parts.length - 1 - fromEnd] = text;
  return parts.join('/');
};

export const partOf = (address: string, fromEnd: number): string =>
  address.split('/').at(-1 - fromEnd) ?? '';

/** The same length and alphabet, another value. */
export const altered = (text: string): string =>
  `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`;
