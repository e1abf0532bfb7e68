// A card that asks by DHCP, and a loader that asks by TFTP: a program of its own, because it has to run in the
// network namespace of the machines. Prints one JSON line.

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

export type CardKind = 'bios' | 'efi64' | 'efi-arm64' | 'efi-http' | 'ipxe' | 'system';
export type Offer = {
  readonly address: string;
  /** `siaddr`: where TFTP is asked. */
  readonly nextServer: string;
  /** The field of BOOTP, or option 67. */
  readonly bootFile: string;
  readonly vendorClass: string;
  /** Numbers of the options that came. */
  readonly options: readonly number[];
};
/** An answer that does not come is the answer of who is ignored; dnsmasq looks for 3 s whether an address is free. */
const ANSWER_MS_MAX = 10_000;
const ARCHITECTURE: { readonly [kind in CardKind]?: readonly [number, string] } = {
  bios: [0, 'PXEClient:Arch:00000:UNDI:002001'],
  efi64: [7, 'PXEClient:Arch:00007:UNDI:003001'],
  'efi-arm64': [11, 'PXEClient:Arch:00011:UNDI:003001'],
  'efi-http': [16, 'HTTPClient:Arch:00016:UNDI:003001'],
  ipxe: [0, 'PXEClient:Arch:00000:UNDI:002001'],
};
const COOKIE = Buffer.from([0x63, 0x82, 0x53, 0x63]);
const WANTED = [1, 3, 6, 60, 66, 67];
const BROADCAST_FLAG = 0x8000;

const option = (code: number, bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from([code, bytes.length]), bytes]);

const message = (mac: string, kind: CardKind, type: number, more: readonly Buffer[]): Buffer => {
  const head = Buffer.alloc(236);
  head.set([1, 1, 6, 0], 0);
  head.set(Buffer.from('bsm1'), 4);
  head.writeUInt16BE(BROADCAST_FLAG, 10);
  head.set(Buffer.from(mac.replaceAll(':', ''), 'hex'), 28);
  const [architecture, vendorClass] = ARCHITECTURE[kind] ?? [];
  return Buffer.concat([
    head,
    COOKIE,
    option(53, Buffer.from([type])),
    option(55, Buffer.from(WANTED)),
    ...(architecture === undefined ? [] : [option(93, Buffer.from([0, architecture]))]),
    ...(vendorClass === undefined ? [] : [option(60, Buffer.from(vendorClass))]),
    ...(kind === 'ipxe' ? [option(175, Buffer.from([0xb1, 1, 1]))] : []),
    ...more,
    Buffer.from([255]),
  ]);
};

const optionsOf = (packet: Buffer): ReadonlyMap<number, Buffer> => {
  const found = new Map<number, Buffer>();
  let at = 240;
  while (at < packet.length && packet[at] !== 255) {
    const code = packet[at] ?? 255;
    const length = packet[at + 1] ?? 0;
    if (code === 0) at += 1;
    else {
      found.set(code, packet.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
  }
  return found;
};

const textOf = (bytes: Buffer | undefined): string =>
  (bytes ?? Buffer.alloc(0)).toString('latin1').replace(/\0.*$/su, '');

const dotted = (bytes: Buffer): string => [...bytes].join('.');

const answerTo = async (socket: Socket, packet: Buffer): Promise<Buffer | undefined> => {
  socket.send(packet, 67, '255.255.255.255');
  try {
    const [answer] = (await once(socket, 'message', {
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    })) as [Buffer];
    return answer;
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') return undefined;
    throw error;
  }
};

/** A whole exchange, so that there is a lease afterwards. */
const ask = async (mac: string, kind: CardKind): Promise<Offer | null> => {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  socket.bind(68);
  await once(socket, 'listening');
  socket.setBroadcast(true);
  try {
    const offer = await answerTo(socket, message(mac, kind, 1, []));
    if (offer === undefined) return null;
    const chosen = [
      option(50, offer.subarray(16, 20)),
      option(54, optionsOf(offer).get(54) ?? Buffer.alloc(4)),
    ];
    const answer = await answerTo(socket, message(mac, kind, 3, chosen));
    if (answer === undefined) return null;
    const options = optionsOf(answer);
    return {
      address: dotted(answer.subarray(16, 20)),
      nextServer: dotted(answer.subarray(20, 24)),
      bootFile: textOf(options.get(67)) || textOf(answer.subarray(108, 236)),
      vendorClass: textOf(options.get(60)),
      options: [...options.keys()],
    };
  } finally {
    socket.close();
  }
};

/** The first block, or what the server says against it. */
const fetchByTftp = async (host: string, name: string): Promise<string | null> => {
  const socket = createSocket('udp4');
  socket.bind(0);
  await once(socket, 'listening');
  try {
    socket.send(Buffer.from(`\0\u0001${name}\0octet\0`, 'latin1'), 69, host);
    const [answer] = (await once(socket, 'message', {
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    })) as [Buffer];
    const what = answer.readUInt16BE(0);
    return what === 3
      ? `data ${answer.length - 4}`
      : `error ${answer.readUInt16BE(2)} ${textOf(answer.subarray(4))}`;
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') return null;
    throw error;
  } finally {
    socket.close();
  }
};

if (import.meta.main) {
  const [what = '', one = '', other = ''] = process.argv.slice(2);
  const answer =
    what === 'tftp' ? await fetchByTftp(one, other) : await ask(one, other as CardKind);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
