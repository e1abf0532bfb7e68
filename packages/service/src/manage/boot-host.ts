// `bessemer boot-host init`: makes what a separate boot host needs to obey this control plane and nobody else.

import { writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { parseArgs } from 'node:util';

import { systemClock } from '#clock';
import { renderPairing } from '#config/pairing-file';
import { openAuthority } from '#trust/certificate/authority';

import {
  type Command,
  DATA_OPTIONS,
  DATA_OPTIONS_HELP,
  UsageInvalid,
  withData,
} from './command.ts';

export const BOOT_HOST_USAGE = `usage: bessemer boot-host init --data DIR --host NAME --out FILE

init    writes FILE: key and certificate for a boot host that this service reaches as NAME (a name or an address; may be
        repeated), and the certificate of this service's authority. Whoever has FILE can be that boot host: carry it
        over by a safe way and delete it here. Run it again when the certificate is about to end, or the name changes.

${DATA_OPTIONS_HELP}`;

const NAME_PATTERN = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;
const CONTROL_PORT = 6389;

const pairingFor = async (authorityDirectory: string, hosts: readonly string[]) => {
  const nowMs = systemClock.wallMs();
  const authority = await openAuthority(authorityDirectory, nowMs);
  const { issueBootHostCertificate } = await import('#trust/certificate/issue-certificate');
  const issued = await issueBootHostCertificate(authority, { hosts, nowMs });
  return renderPairing({
    key: issued.keyPem.reveal(),
    certificate: issued.certificatePem,
    authority: authority.certificatePem,
  });
};

export const bootHost: Command = async (args, print) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...DATA_OPTIONS,
      host: { type: 'string', multiple: true, default: [] },
      out: { type: 'string' },
    },
  });
  const { host: hosts, out } = values;
  const [host] = hosts;
  if (positionals.join(' ') !== 'init') throw new UsageInvalid('expected "init"');
  if (host === undefined || out === undefined) {
    throw new UsageInvalid('--host NAME and --out FILE are needed');
  }
  const wrong = hosts.find((each) => isIP(each) === 0 && !NAME_PATTERN.test(each));
  if (wrong !== undefined) throw new UsageInvalid(`--host ${wrong} is neither name nor address`);
  return withData(values, async ({ directory }) => {
    const text = await pairingFor(directory.authority, hosts);
    // Never over something else: a mistyped --out must not cost a file.
    await writeFile(out, text, { mode: 0o400, flag: 'wx' }).catch(
      (error: NodeJS.ErrnoException) => {
        throw new UsageInvalid(`${out} cannot be written: ${error.message}`);
      },
    );
    const place = host.includes(':') ? `[${host}]` : host;
    print(`${out} made. On the boot host, with this file as DIR/pairing.pem:`);
    print('');
    print(
      `  bessemer serve --roles boot --data DIR --boot-control-listen ${place}:${CONTROL_PORT} \\`,
    );
    print(`    --set netboot.http_listen=ADDRESS:PORT`);
    print('');
    print('In the configuration of this service:');
    print('');
    print('  netboot:');
    print(`    boot_host: https://${place}:${CONTROL_PORT}`);
    return 0;
  });
};
