// What the first bytes of a file say it is. Declared and detected must agree: a file that is one thing to us and
// another to the machine's tools is an attack (or a mistake that would not boot).

import { CommandFailure } from '../command-failure.ts';

export type Compression = 'gzip' | 'zstd' | 'xz';

const COMPRESSIONS: readonly (readonly [Compression, Buffer])[] = [
  ['gzip', Buffer.from([0x1f, 0x8b, 0x08])],
  ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
  ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])],
];

/** Formats that no raw disk begins with. */
const OTHER_FORMATS: readonly (readonly [string, number, Buffer])[] = [
  ['qcow2', 0, Buffer.from([0x51, 0x46, 0x49, 0xfb])],
  ['qed', 0, Buffer.from('QED\0', 'latin1')],
  ['vmdk', 0, Buffer.from('KDMV', 'latin1')],
  ['vmdk', 0, Buffer.from('# Disk DescriptorFile', 'latin1')],
  ['vhd', 0, Buffer.from('conectix', 'latin1')],
  ['vhdx', 0, Buffer.from('vhdxfile', 'latin1')],
  ['vdi', 0x40, Buffer.from([0x7f, 0x10, 0xda, 0xbe])],
];

const ISO_MAGIC = Buffer.from('CD001', 'latin1');
const ISO_MAGIC_OFFSET = 32_769;

export const detectCompression = (head: Buffer): Compression | null =>
  COMPRESSIONS.find(([, magic]) => startsWith(head, magic))?.[0] ?? null;

const startsWith = (head: Buffer, magic: Buffer, at = 0): boolean =>
  head.subarray(at, at + magic.length).equals(magic);

/** Throws InvalidImage that names the rule. `head` is what would be written first. */
export const requireDeclaredFormat = (declared: 'raw' | 'qcow2' | 'iso', head: Buffer): void => {
  const other = OTHER_FORMATS.find(([, at, magic]) => startsWith(head, magic, at))?.[0];
  const packed = detectCompression(head);
  const detected =
    other ?? packed ?? (startsWith(head, ISO_MAGIC, ISO_MAGIC_OFFSET) ? 'iso' : 'raw');
  // An ISO that also is a disk image may be written under either name.
  if (detected === declared || (declared === 'raw' && detected === 'iso')) return;
  throw new CommandFailure(
    'InvalidImage',
    `the image is declared as ${declared} but is ${detected}; declared and detected format must agree`,
    { failureCode: 'image.format' },
  );
};
