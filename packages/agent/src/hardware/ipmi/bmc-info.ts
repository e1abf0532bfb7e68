// What a BMC says of itself from inside.

import { readFile } from 'node:fs/promises';
import {
  BMC_NAME_BYTES_MAX,
  BMC_PASSWORD_BYTES_MAX,
  type BmcHostInterface,
  type BmcInfo,
} from '@bessemer/protocol/agent/bmc-commands';
import { findHostInterface } from '@bessemer/protocol/agent/bmc-host-interface';
import { NETWORK_MEDIUM, readChannels } from './channels.ts';
import { demand, request, type SystemInterface } from './system-interface.ts';
import { countPlaces } from './users.ts';

const APP = 0x06;
const GET_DEVICE_ID = 0x01;
const SMBIOS_TABLE = '/sys/firmware/dmi/tables/DMI';

export const readBmcInfo = async (
  bmc: SystemInterface,
  hostInterface: BmcHostInterface | null,
): Promise<BmcInfo> => {
  const device = await demand(bmc, request(APP, GET_DEVICE_ID), 'reading what the BMC is');
  const channels = await readChannels(bmc);
  const network = channels.find(({ medium }) => medium === NETWORK_MEDIUM);
  const usersMax = network === undefined ? 0 : await countPlaces(bmc, network.number);
  const byte = (at: number): number => device[at] ?? 0;
  return {
    ipmi_version: `${byte(4) & 0x0f}.${byte(4) >> 4}`,
    manufacturer_id: byte(6) | (byte(7) << 8) | ((byte(8) & 0x0f) << 16),
    product_id: byte(9) | (byte(10) << 8),
    firmware: `${byte(2) & 0x7f}.${byte(3).toString(16).padStart(2, '0')}`,
    channels,
    redfish_host_interface: hostInterface,
    limits: {
      users_max: usersMax,
      name_bytes_max: BMC_NAME_BYTES_MAX,
      password_bytes_max: (byte(4) & 0x0f) >= 2 ? BMC_PASSWORD_BYTES_MAX : 16,
    },
  };
};

/** Null: none, or no SMBIOS to read it from. */
export const readHostInterface = async (): Promise<BmcHostInterface | null> => {
  try {
    return findHostInterface(await readFile(SMBIOS_TABLE)) ?? null;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
};

/** For the inventory: the first address of a network of the BMC; null: there is none, or nobody to ask. */
export const findBmcAddress = async (bmc: SystemInterface): Promise<string | null> => {
  const channels = await readChannels(bmc);
  return channels.find(({ address }) => address !== null)?.address ?? null;
};
