// Certificates of somebody who is not of the house.

import { makeLabAuthority, type KeyPairPem, type LabAuthority } from '#bmc/lab-authority';

import { systemClock } from '../../clock.ts';

export const foreignAuthority = (): Promise<LabAuthority> => makeLabAuthority(systemClock);

/** With the right name in it, by an authority of its own. */
export const forgedCertificate = async (address: string): Promise<KeyPairPem> =>
  (await foreignAuthority()).issue('node', address);
