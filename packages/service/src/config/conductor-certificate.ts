// What this conductor shows to agents, so that they take commands from nobody else: a client certificate of our
// authority, kept between starts.

import type { Clock } from '#clock';
import type { Authority } from '#trust/certificate/authority';
import {
  type ConductorIdentity,
  makeConductorIdentity,
} from '#trust/certificate/conductor-identity';

import { keptCertificate, type ListenerCertificate } from './listener-certificate.ts';

/** Certificate and key, for whoever makes connections of another kind with them. */
export const keptConductorCertificate = (
  directory: string,
  hostname: string,
  authority: Authority,
  clock: Clock,
): Promise<ListenerCertificate> =>
  keptCertificate({
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

export const conductorCertificate = async (
  directory: string,
  hostname: string,
  authority: Authority,
  clock: Clock,
): Promise<ConductorIdentity> => {
  const kept = await keptConductorCertificate(directory, hostname, authority, clock);
  return makeConductorIdentity(kept.certificate, kept.key);
};
