// A command as data: what is sent, and how its answer reads. The session runs it.

import type { PacketReader } from './packet-reader.ts';

export type IpmiCommand<T> = {
  /** As the specification names it; goes into failures. */
  readonly name: string;
  readonly netFn: number;
  readonly command: number;
  /** Called per sending; a function, so that a command that carries a password shows nothing when printed. */
  readonly write?: () => Buffer;
  /** False: done twice it does more than done once, so it is sent once and a lost answer leaves its outcome open. */
  readonly isRepeatable: boolean;
  /** Completion codes that are an answer, not a refusal. */
  readonly expected?: readonly number[];
  readonly read: (reader: PacketReader, completionCode: number) => T;
};

export const NET_FN = { chassis: 0x00, app: 0x06, transport: 0x0c } as const;
