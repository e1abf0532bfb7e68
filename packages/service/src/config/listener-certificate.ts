// The certificate of a listener: issued by our own authority, kept between starts, renewed when it names other
// hosts or is about to end.

import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';

import type { Clock } from '#clock';
import type { Authority } from '#trust/certificate/authority';
import type { IssuedCertificate } from '#trust/certificate/issue-certificate';

export type ListenerCertificate = { readonly key: string; readonly certificate: string };

/** Renewed this long before its end, so that a service that is restarted monthly never serves an old one. */
const RENEW_MS = 60 * 86_400_000;

type Kept = {
  readonly directory: string;
  readonly name: string;
  readonly authority: Authority;
  readonly clock: Clock;
  /** Whether a certificate of ours that is still good for long is the one that is wanted. */
  readonly isRight: (certificate: X509Certificate) => boolean;
  readonly issue: () => Promise<IssuedCertificate>;
};

/** The kept one when it can be used, else a new one, which is then kept. */
export const keptCertificate = async (wanted: Kept): Promise<ListenerCertificate> => {
  const { directory } = wanted;
  const path = join(directory, `${wanted.name}.pem`);
  const kept = await readFile(path, 'utf8').catch(() => undefined);
  const parsed = kept === undefined ? undefined : split(kept);
  if (parsed !== undefined && isUsable(parsed, wanted)) return parsed;
  const issued = await wanted.issue();
  const made = { key: issued.keyPem.reveal(), certificate: issued.certificatePem };
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // A start that was cut off may have left one, which nobody may write to.
  await rm(`${path}.new`, { force: true });
  await writeFile(`${path}.new`, `${made.key.trimEnd()}\n${made.certificate}`, { mode: 0o400 });
  await rename(`${path}.new`, path);
  return made;
};

export const listenerCertificate = (
  directory: string,
  name: string,
  hosts: readonly string[],
  authority: Authority,
  clock: Clock,
): Promise<ListenerCertificate> =>
  keptCertificate({
    directory,
    name,
    authority,
    clock,
    isRight: (certificate) =>
      hosts.every((host) =>
        isIP(host) === 0
          ? certificate.checkHost(host) !== undefined
          : certificate.checkIP(host) !== undefined,
      ),
    issue: async () => {
      // Loaded only when a certificate has to be made: the library behind it is heavy.
      const { issueServerCertificate } = await import('#trust/certificate/issue-certificate');
      return issueServerCertificate(authority, { hosts, nowMs: clock.wallMs() });
    },
  });

const split = (text: string): ListenerCertificate | undefined => {
  const at = text.indexOf('-----BEGIN CERTIFICATE-----');
  return at <= 0 ? undefined : { key: text.slice(0, at), certificate: text.slice(at) };
};

const isUsable = (
  kept: ListenerCertificate,
  { authority, clock, isRight }: Pick<Kept, 'authority' | 'clock' | 'isRight'>,
): boolean => {
  const certificate = new X509Certificate(kept.certificate);
  const issuer = new X509Certificate(authority.certificatePem);
  return (
    certificate.checkIssued(issuer) &&
    certificate.verify(issuer.publicKey) &&
    certificate.validToDate.getTime() - clock.wallMs() > RENEW_MS &&
    isRight(certificate)
  );
};
