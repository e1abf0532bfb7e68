// Credentials of BMCs as a conductor in memory has them: what was asked is written down, and nothing is done.

import type { BmcCredentialDoor, BmcRotationWish } from '#conductor/bmc-credential/credential-door';

export type CredentialAsked = { readonly method: string; readonly wish?: BmcRotationWish };

export const makeFakeCredentialDoor = (asked: CredentialAsked[]): BmcCredentialDoor => ({
  keepsBmcCredentials: async () => false,
  requestBmcRotation: async (_node, wish) => {
    asked.push({ method: 'rotate', wish });
    return 'rotation-1';
  },
  setBmcPassword: async () => {
    asked.push({ method: 'set' });
    return 'rotation-2';
  },
  auditBmcAccounts: async () => ({ items: [], gaps: [], accounts: [] }),
  fixBmcAccounts: async () => {
    asked.push({ method: 'fix' });
    return { items: [], gaps: [], accounts: [] };
  },
  bmcCredentialStatus: async () => ({ state: 'unmanaged' }),
  freezeBmcCredentials: async (_node, { reason }) => {
    asked.push({ method: `freeze: ${reason}` });
  },
  thawBmcCredentials: async () => {
    asked.push({ method: 'thaw' });
  },
});
