// A separate boot host in this process: real TLS, real files, the listeners and the keeper of the product.

import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { makeBootControlListener } from '#api/boot-control-listener';
import { makeNetbootListener } from '#api/netboot-listener';
import { type Clock, systemClock } from '#clock';
import type { BootHost } from '#netboot/boot-host';
import { FOREIGN_DHCP, makeLocalBootHost } from '#netboot/local-boot-host';
import { makeOpenBoots, type OpenBoots } from '#netboot/open-boots';
import { openBootFiles } from '#netboot/remote/boot-files';
import { type BootKeeper, startBootKeeper } from '#netboot/remote/boot-keeper';
import { makeDenialLog } from '#netboot/remote/denial-log';
import { openKeptBoots } from '#netboot/remote/kept-boots';
import { makeRemoteBootHost } from '#netboot/remote-boot-host';
import { makeLog } from '#observe/log';
import { type Authority, openAuthority } from '#trust/certificate/authority';
import {
  type IssuedCertificate,
  issueBootHostCertificate,
  issueConductorCertificate,
} from '#trust/certificate/issue-certificate';

export type HostScene = {
  readonly directory: string;
  readonly authority: Authority;
  /** Moves by hand. */
  readonly time: { wallMs: number };
  readonly files: string;
  readonly kept: string;
  readonly boots: OpenBoots;
  readonly keeper: BootKeeper;
  readonly httpPort: number;
  readonly controlUrl: string;
  /** A client with this certificate. */
  readonly clientWith: (issued: IssuedCertificate, authorityPem?: string) => BootHost;
  readonly client: BootHost;
  readonly close: () => Promise<void>;
};

const log = makeLog({ level: 'silent' });

/** On the same directory again it is the host after a restart. */
export const openBootHost = async (
  directory: string,
  time: { wallMs: number },
  more: { readonly certificate?: (authority: Authority) => Promise<IssuedCertificate> } = {},
): Promise<HostScene> => {
  const nowMs = systemClock.wallMs();
  await mkdir(join(directory, 'host'), { recursive: true });
  const authority = await openAuthority(join(directory, 'ca'), nowMs);
  const issue =
    more.certificate ??
    ((by: Authority) => issueBootHostCertificate(by, { hosts: ['127.0.0.1'], nowMs }));
  const issued = await issue(authority);
  const clock: Clock = { ...systemClock, wallMs: () => time.wallMs };
  const [files, kept] = [join(directory, 'host', 'files'), join(directory, 'host', 'boots')];
  const denials = makeDenialLog();
  const boots = makeOpenBoots({
    key: Buffer.alloc(32, 3),
    url: 'http://10.0.0.5:6388',
    clock,
    leases: async () => [],
    sourceCheck: 'off',
    networks: [],
    onDenied: denials.add,
  });
  const keeper = await startBootKeeper({
    host: makeLocalBootHost(boots, FOREIGN_DHCP),
    files: await openBootFiles(files),
    kept: await openKeptBoots(kept),
    clock,
    log,
  });
  const http = makeNetbootListener({
    boots,
    url: 'http://10.0.0.5:6388',
    log,
    clock,
    efiLoaderPath: undefined,
  });
  const tls = {
    key: issued.keyPem.reveal(),
    certificate: issued.certificatePem,
    authority: authority.certificatePem,
  };
  const control = makeBootControlListener({ keeper, denials, tls, log });
  await http.listen({ host: '127.0.0.1', port: 0 });
  await control.listen({ host: '127.0.0.1', port: 0 });
  const httpPort = (http.server.address() as AddressInfo).port;
  const controlUrl = `https://127.0.0.1:${(control.server.address() as AddressInfo).port}`;
  const clients: BootHost[] = [];
  const clientWith: HostScene['clientWith'] = (
    { certificatePem, keyPem },
    authorityPem = authority.certificatePem,
  ) => {
    const identity = { certificate: certificatePem, key: keyPem.reveal() };
    const made = makeRemoteBootHost({ url: controlUrl, authorityPem, identity });
    clients.push(made);
    return made;
  };
  const conductor = await issueConductorCertificate(authority, { hostname: 'test', nowMs });
  return {
    directory,
    authority,
    time,
    files,
    kept,
    boots,
    keeper,
    httpPort,
    controlUrl,
    clientWith,
    client: clientWith(conductor),
    close: async () => {
      await Promise.all(clients.map((each) => each.close()));
      await Promise.all([http.close(), control.close()]);
      await keeper.close();
    },
  };
};
