// Where the addresses of machines are looked up, as the operator set it up.

import { readFile } from 'node:fs/promises';

import type { Clock } from '#clock';
import type { Settings } from '#config/schema';
import { ConfigInvalid } from '#config/setting';
import type { AddressSource } from '#netboot/address-source';
import {
  ADDRESS_SOURCE_NAMES,
  type AddressSourceName,
  makeAddressSource,
} from '#netboot/addresses/ask-sources';
import { askNeutron } from '#netboot/addresses/neutron-addresses';
import { makeOpenstackClient, type OpenstackClient } from '#netboot/addresses/openstack-client';
import type { BootHost } from '#netboot/boot-host';
import type { Log } from '#observe/log';
import { Secret } from '#trust/secret';

type Parts = {
  /** Undefined: no boot host. */
  readonly leases: BootHost['leases'] | undefined;
  readonly isDhcpOwn: boolean;
  readonly clock: Clock;
  readonly log: Log;
};

export type Addresses = { readonly source: AddressSource; readonly close: () => Promise<void> };

const readConfigured = (key: string, path: string): Promise<string> =>
  readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigInvalid(`${key}: ${path} cannot be read: ${error.message}`);
  });

const openNeutron = async (
  settings: Settings['neutron'],
  clock: Clock,
): Promise<OpenstackClient | undefined> => {
  if (settings.auth_url === null) return undefined;
  if (!URL.canParse(settings.auth_url)) throw new ConfigInvalid('neutron.auth_url is not a URL');
  if (settings.password_file === null) {
    throw new ConfigInvalid('neutron.password_file is needed with neutron.auth_url');
  }
  const password = await readConfigured('neutron.password_file', settings.password_file);
  const account = {
    authUrl: settings.auth_url,
    username: settings.username,
    password: new Secret(password.trimEnd()),
    userDomainName: settings.user_domain_name,
    projectName: settings.project_name,
    projectDomainName: settings.project_domain_name,
    endpoint: settings.endpoint_override ?? undefined,
    regionName: settings.region_name ?? undefined,
    authorityPem:
      settings.cafile === null
        ? undefined
        : await readConfigured('neutron.cafile', settings.cafile),
  };
  return makeOpenstackClient('network', account, clock);
};

/** Throws ConfigInvalid. */
export const openAddresses = async (
  { agent, neutron: settings }: Pick<Settings, 'agent' | 'neutron'>,
  { leases, isDhcpOwn, clock, log }: Parts,
): Promise<Addresses> => {
  const client = await openNeutron(settings, clock);
  const order = agent.address_sources.filter((name): name is AddressSourceName =>
    (ADDRESS_SOURCE_NAMES as readonly string[]).includes(name),
  );
  const neutron = client && askNeutron(client, settings.networks);
  return {
    source: makeAddressSource(order, { leases, isDhcpOwn, neutron, clock, log }),
    close: async () => client?.close(),
  };
};
