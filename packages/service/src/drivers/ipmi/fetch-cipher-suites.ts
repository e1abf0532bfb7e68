// All cipher suites that a channel offers, weak ones too: whoever audits the BMC wants to see suite 0.

import {
  CIPHER_SUITE_PIECE_BYTES,
  cipherSuitesIn,
  getCipherSuitePiece,
} from './commands/channel.ts';
import type { IpmiSession } from './session.ts';

const PIECES_MAX = 64;

export const fetchCipherSuites = async (
  session: IpmiSession,
  channel: number,
): Promise<readonly number[]> => {
  const pieces: Buffer[] = [];
  for (let piece = 0; piece < PIECES_MAX; piece += 1) {
    const bytes = await session.run(getCipherSuitePiece(channel, piece));
    pieces.push(bytes);
    if (bytes.length < CIPHER_SUITE_PIECE_BYTES) break;
  }
  return cipherSuitesIn(Buffer.concat(pieces));
};
