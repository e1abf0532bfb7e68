// What this conductor shows to agents, so that they take commands from nobody else: a client certificate of our
// authority, kept between starts.

import type { Clock } from '#clock';
import type { Authority } from '#trust/certificate/authority';
import {
  type ConductorIdentity,
  makeConductorIdentity,
} from '#trust/certificate/conductor-identity';

import { keptCertificate } from './listener-certificate.ts';

export const conductorCertificate = async (
  directory: string,
  hostname: string,
  authority: Authority,
  clock: Clock,
): Promise<ConductorIdentity> => {
  const kept = await keptCertificate({
    directory,
    name: 'conductor',
    authority,
    clock,
    isRight: ({ subject }) => subject === `CN=conductor ${hostname}`,
    issue: async () => {
      const { issueConductorCertificate } = await import('#trust/certificate/issue-certificate');
      return issueConductorCertificate(authority, { hostname, nowMs: clock.wallMs() });
    },
  });
  return makeConductorIdentity(kept.certificate, kept.key);
};
