// The separate boot host that [netboot] boot_host names, as the control plane sees it.

import type { Clock } from '#clock';
import { keptConductorCertificate } from '#config/conductor-certificate';
import type { DataDirectory } from '#config/data-directory';
import type { Settings } from '#config/schema';
import { ConfigInvalid } from '#config/setting';
import type { BootHost } from '#netboot/boot-host';
import { makeRemoteBootHost } from '#netboot/remote-boot-host';
import type { Authority } from '#trust/certificate/authority';

type Parts = {
  readonly data: DataDirectory;
  readonly hostname: string;
  readonly authority: Authority;
  readonly clock: Clock;
};

/** Undefined when none is configured. Throws ConfigInvalid. */
export const openRemoteBootHost = async (
  { boot_host: url, http_listen: listen }: Settings['netboot'],
  { data, hostname, authority, clock }: Parts,
): Promise<BootHost | undefined> => {
  if (url === null) return undefined;
  if (listen !== null) {
    throw new ConfigInvalid(
      'netboot.boot_host and netboot.http_listen are both set: boot files are served there or here',
    );
  }
  if (!URL.canParse(url) || new URL(url).protocol !== 'https:') {
    throw new ConfigInvalid(`netboot.boot_host: "${url}" is not https://HOST:PORT`);
  }
  return makeRemoteBootHost({
    url: new URL(url).origin,
    authorityPem: authority.certificatePem,
    identity: await keptConductorCertificate(data.listeners, hostname, authority, clock),
  });
};
