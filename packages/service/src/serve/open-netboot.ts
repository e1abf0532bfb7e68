// Network boot as a part of the service: listener, boot host and the care for what a crash left. Nothing of it exists
// where [netboot] http_listen is not set.

import { join } from 'node:path';

import type { FastifyInstance } from 'fastify';

import { makeNetbootListener } from '#api/netboot-listener';
import type { Clock } from '#clock';
import { reconcileNetworkBoots } from '#conductor/network-boots';
import { type EventParts, makeEventNoter } from '#conductor/trust-events';
import { type Endpoint, parseEndpoint, urlOf } from '#config/endpoint';
import { withPort } from '#config/free-port';
import type { Settings } from '#config/schema';
import type { BootDenial, BootHost } from '#netboot/boot-host';
import { FOREIGN_DHCP, makeLocalBootHost } from '#netboot/local-boot-host';
import { makeOpenBoots } from '#netboot/open-boots';

import { asNodeUuid } from '@bessemer/protocol/uuid';

import { openDhcp } from './open-dhcp.ts';

export type Netboot = {
  readonly host: BootHost;
  readonly app: FastifyInstance;
  readonly endpoint: Endpoint;
  /** Addresses come from our own DHCP. */
  readonly isDhcpOwn: boolean;
};

const KEY_PURPOSE = 'netboot-url';
/** What a crash left is withdrawn within this. */
const RECONCILE_MS = 60_000;

const denialNoter = (parts: EventParts): ((denial: BootDenial) => void) => {
  const note = makeEventNoter(parts);
  return ({ nodeUuid, source, reason }) => {
    const isBadPath = reason === 'path';
    note({
      name: isBadPath ? 'boot.bad_path' : 'boot.denied',
      nodeUuid: nodeUuid === undefined ? undefined : asNodeUuid(nodeUuid),
      source,
      outcome: 'refused',
      detail: { reason, what: 'boot file' },
    }).catch((error: unknown) => parts.log.error({ err: error }, 'an event could not be stored'));
  };
};

type ServingParts = {
  readonly dataPath: string;
  readonly clock: Clock;
  readonly log: EventParts['log'];
  readonly keys: Pick<EventParts['keys'], 'deriveKey'>;
  readonly onDenied: (denial: BootDenial) => void;
};

/** The serving half: the same here and on a separate boot host. */
export const openBootServing = async (
  settings: Settings['netboot'],
  { dataPath, keys, clock, log, onDenied }: ServingParts,
): Promise<Netboot | undefined> => {
  if (settings.http_listen === null) return undefined;
  const endpoint = await withPort(parseEndpoint('netboot.http_listen', settings.http_listen));
  const url = settings.http_url ?? urlOf('http', endpoint);
  const announcer = await openDhcp(settings, { dataPath, url, clock, log });
  const isDhcpOwn = announcer !== FOREIGN_DHCP;
  const boots = makeOpenBoots({
    key: keys.deriveKey(KEY_PURPOSE),
    url,
    clock,
    leases: announcer.leases,
    sourceCheck: sourceCheckOf(settings.source_check, isDhcpOwn),
    networks: settings.allowed_networks,
    onDenied,
  });
  const efiLoaderPath = join(settings.loader_directory, 'snponly.efi');
  const app = makeNetbootListener({
    boots,
    url,
    log,
    clock,
    efiLoaderPath,
    onBadPath: (source) => onDenied({ nodeUuid: undefined, source, reason: 'path' }),
  });
  return { host: makeLocalBootHost(boots, announcer), app, endpoint, isDhcpOwn };
};

export const openNetboot = (
  settings: Settings['netboot'],
  parts: EventParts & { readonly dataPath: string },
): Promise<Netboot | undefined> =>
  openBootServing(settings, { ...parts, onDenied: denialNoter(parts) });

const sourceCheckOf = (asked: string | null, knowsLeases: boolean): 'lease' | 'network' | 'off' => {
  if (asked === 'lease' || asked === 'network' || asked === 'off') return asked;
  return knowsLeases ? 'lease' : 'network';
};

/** Once now, and from then on each minute; the returned function ends it. */
export const keepBootsRight = async (
  parts: EventParts & { readonly clock: Clock },
  host: BootHost,
): Promise<() => void> => {
  const onDenied = denialNoter(parts);
  let cancel: () => void = () => {};
  const look = async (): Promise<void> => {
    try {
      await reconcileNetworkBoots(parts, host);
      for (const denial of (await host.denials?.()) ?? []) onDenied(denial);
    } catch (error) {
      parts.log.warn({ err: error }, 'the boot host could not be brought in line; trying again');
    }
    cancel = parts.clock.after(RECONCILE_MS, () => void look());
  };
  await look();
  return () => cancel();
};
