// DHCP and TFTP of our own for network boots, where [netboot] dhcp_interface says on which card.

import { Failure } from '@bessemer/protocol/errors/failure';

import type { Clock } from '#clock';
import type { Settings } from '#config/schema';
import { ConfigInvalid } from '#config/setting';
import { startDnsmasqAnnouncer } from '#netboot/dnsmasq/announcer';
import { parseDhcpRange } from '#netboot/dnsmasq/dhcp-range';
import { dnsmasqPlace } from '#netboot/dnsmasq/dnsmasq-place';
import { type BootAnnouncer, FOREIGN_DHCP } from '#netboot/local-boot-host';
import type { Log } from '#observe/log';

type Parts = {
  readonly dataPath: string;
  /** Base of the loaders' listener. */
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
};

const rangeOf = (text: string | null) => {
  if (text === null) {
    throw new ConfigInvalid('netboot.dhcp_range is needed with netboot.dhcp_interface');
  }
  try {
    return parseDhcpRange(text);
  } catch (error) {
    throw new ConfigInvalid(`netboot.dhcp_range: ${(error as Error).message}`);
  }
};

/** Throws ConfigInvalid, with the cause, when dnsmasq cannot be started. */
export const openDhcp = async (
  settings: Settings['netboot'],
  { dataPath, url, clock, log }: Parts,
): Promise<BootAnnouncer> => {
  if (settings.dhcp_interface === null) return FOREIGN_DHCP;
  const range = rangeOf(settings.dhcp_range);
  try {
    return await startDnsmasqAnnouncer({
      ...dnsmasqPlace(dataPath, process.getuid?.() === 0),
      interface: settings.dhcp_interface,
      range,
      router: settings.dhcp_router,
      dnsServers: settings.dhcp_dns_servers,
      servesUnknown: settings.dhcp_serve_unknown,
      httpLoaderUrl: `${url}/netboot/snponly.efi`,
      loaderDirectory: settings.loader_directory,
      clock,
      log,
    });
  } catch (error) {
    // At its start the operator is there, and can mend what it lacks.
    if (error instanceof Failure) throw new ConfigInvalid(error.message);
    throw error;
  }
};
