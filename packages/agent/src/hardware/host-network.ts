// The network between a machine and the Redfish service of its BMC, brought up as SMBIOS describes it.

import { readdir } from 'node:fs/promises';
import type { BmcHostInterface } from '@bessemer/protocol/agent/bmc-commands';
import { tryProgram } from '../run-program.ts';
import { readSysfs } from './sysfs.ts';

const CARDS = '/sys/class/net';
const STATIC = 1;

/** Why it cannot be used, or undefined. Nothing else of the machine's network is touched. */
export const joinHostNetwork = async (found: BmcHostInterface): Promise<string | undefined> => {
  const { hostAddress, hostMask, hostAssignment } = found;
  if (hostAssignment !== STATIC || hostAddress === null || hostMask === null) {
    return 'SMBIOS gives this machine no address of its own on that network';
  }
  const card = await findCard(found.device);
  if (card === undefined) return 'the network card to the BMC is not there';
  const place = `${hostAddress}/${prefixOf(hostMask)}`;
  for (const words of [
    ['link', 'set', 'dev', card, 'up'],
    ['address', 'replace', place, 'dev', card],
  ]) {
    const { status, stderr } = await tryProgram('ip', words);
    if (status !== 0) return `ip ${words.join(' ')}: ${stderr.trim().slice(0, 200)}`;
  }
  return undefined;
};

const findCard = async (device: BmcHostInterface['device']): Promise<string | undefined> => {
  if (device.kind === 'other') return undefined;
  const [files, ids] =
    device.kind === 'usb'
      ? [
          ['device/../idVendor', 'device/../idProduct'],
          [device.vendorId, device.productId],
        ]
      : [
          ['device/vendor', 'device/device'],
          [device.vendorId, device.deviceId],
        ];
  for (const name of (await readdir(CARDS)).toSorted()) {
    const values = await Promise.all(files.map((file) => readSysfs(`${CARDS}/${name}/${file}`)));
    const isIt = values.every(
      (value, index) => value !== null && Number.parseInt(value, 16) === ids[index],
    );
    if (isIt) return name;
  }
  return undefined;
};

/** Of a mask of IPv4, or of IPv6 in its long form. */
export const prefixOf = (mask: string): number => {
  const bits = mask.includes(':')
    ? mask.split(':').map((group) => Number.parseInt(group, 16).toString(2))
    : mask.split('.').map((byte) => Number(byte).toString(2));
  return bits.join('').replaceAll('0', '').length;
};
