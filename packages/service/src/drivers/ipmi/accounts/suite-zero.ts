// Whether the BMC takes cipher suite 0, with which everybody who knows a user name is let in without a password. It is
// not tried: what the BMC tells is believed here, because it tells it against itself.

import { getCipherSuiteEntries, getCipherSuitePrivileges } from '../commands/lan-cipher-suites.ts';
import { fetchCipherSuites } from '../fetch-cipher-suites.ts';
import type { IpmiSession } from '../session.ts';
import { fetchLanChannels, ifThere } from './lan-channels.ts';

export const hasSuiteZero = async (session: IpmiSession): Promise<boolean> => {
  for (const channel of await fetchLanChannels(session)) {
    const suites = (await ifThere(fetchCipherSuites(session, channel))) ?? [];
    if (suites.includes(0) && (await isAccepted(session, channel))) return true;
  }
  return false;
};

/** Many BMCs list it and accept it for no privilege. */
const isAccepted = async (session: IpmiSession, channel: number): Promise<boolean> => {
  const entries = await ifThere(session.run(getCipherSuiteEntries(channel)));
  const privileges = await ifThere(session.run(getCipherSuitePrivileges(channel)));
  const place = entries?.indexOf(0) ?? -1;
  return place < 0 || privileges?.[place] !== 0;
};
