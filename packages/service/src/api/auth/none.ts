// Mode `none`: everybody who reaches the listener may do everything. The configuration allows it on loopback only.

import { systemAdministrator } from '#policy/credentials';

import type { Authenticate } from '../authenticate.ts';

const ACCEPTED = {
  outcome: 'accepted',
  user: null,
  credentials: systemAdministrator(null),
} as const;

export const authenticateNobody: Authenticate = () => ACCEPTED;
