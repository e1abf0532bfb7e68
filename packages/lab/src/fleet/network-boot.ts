// What the network card of a simulated machine does: as iPXE behind a DHCP server that is not the service's own, it
// loads the entry script, follows it to the script of this machine's boot, loads what that names, and hands the kernel
// its line. Everything is fetched from the machine's own address.

import { request } from 'node:http';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabFailure } from '../lab-failure.ts';
import { unpackArchive } from './initramfs-archive.ts';

export type NetworkBoot = {
  /** Base of the boot listener, e.g. http://127.0.0.1:6388. */
  readonly url: string;
  readonly mac: string;
  /** Address that the requests come from. */
  readonly address: string;
};

const FILE_BYTES_MAX = 256 * 1024 ** 2;
const SCRIPT_MS_MAX = 30_000;
/** A script that leads on more often leads in circles. */
const CHAINS_MAX = 4;

const fetchFile = async (boot: NetworkBoot, url: string): Promise<Buffer> => {
  const signal = AbortSignal.timeout(SCRIPT_MS_MAX);
  const sent = request(url, { localAddress: boot.address, agent: false, signal });
  sent.end();
  const [response] = await once(sent, 'response');
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  for await (const part of response) {
    sizeBytes += (part as Buffer).length;
    if (sizeBytes > FILE_BYTES_MAX) throw new LabFailure(`${url} is larger than a boot file`);
    parts.push(part as Buffer);
  }
  if (response.statusCode !== 200) throw new LabFailure(`boot file: HTTP ${response.statusCode}`);
  return Buffer.concat(parts);
};

/** The two settings of iPXE that our scripts use. */
const expanded = (line: string, mac: string): string =>
  line.replaceAll('${netX/mac:hexhyp}', mac.replaceAll(':', '-')).replaceAll('${netX/mac}', mac);

type Loaded = { kernel: readonly string[] | null; readonly initrds: Map<string, Buffer> };

/** Undefined: the script ended with `boot`; else the address of the script to go on with. */
const runScript = async (
  boot: NetworkBoot,
  text: string,
  loaded: Loaded,
): Promise<string | undefined> => {
  const [first, ...lines] = text.split('\n');
  if (first !== '#!ipxe') throw new LabFailure('the boot script does not begin with #!ipxe');
  for (const line of lines) {
    const words = expanded(line, boot.mac).split(' ');
    const [command] = words;
    const url = words.find((word) => /^https?:\/\//.test(word)) ?? '';
    if (command === 'chain') return url;
    if (command === 'boot') return undefined;
    if (command === 'kernel') {
      // Only that it is there: a simulated machine runs the agent of this checkout.
      await fetchFile(boot, url);
      loaded.kernel = words.slice(2);
    } else if (command === 'initrd') {
      loaded.initrds.set(words[2] ?? '', await fetchFile(boot, url));
    } else if (line !== '') throw new LabFailure(`the boot script has "${command ?? ''}"`);
  }
  throw new LabFailure('the boot script never boots');
};

/** Fills `root` as the kernel would; throws LabFailure when the network leads nowhere. */
export const bootFromNetwork = async (boot: NetworkBoot, root: string): Promise<void> => {
  const loaded: Loaded = { kernel: null, initrds: new Map() };
  let next: string | undefined = `${boot.url}/netboot/boot.ipxe`;
  for (let chains = 0; next !== undefined; chains += 1) {
    if (chains > CHAINS_MAX) throw new LabFailure('the boot scripts lead in circles');
    next = await runScript(boot, (await fetchFile(boot, next)).toString('utf8'), loaded);
  }
  const archive = loaded.initrds.get('config.cpio');
  if (loaded.kernel === null || archive === undefined || !loaded.initrds.has('initramfs')) {
    throw new LabFailure('the boot script names no kernel, no ramdisk or no configuration');
  }
  await unpackArchive(archive, root);
  await mkdir(join(root, 'proc'), { recursive: true, mode: 0o700 });
  await writeFile(join(root, 'proc/cmdline'), `${loaded.kernel.join(' ')}\n`, { mode: 0o600 });
};
