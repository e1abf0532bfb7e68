// CRC-32 as GPT uses it.

import { crc32 as zlibCrc32 } from 'node:zlib';

export const crc32 = (bytes: Buffer): number => zlibCrc32(bytes) >>> 0;
