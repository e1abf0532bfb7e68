// One command of the BMC: who may use it, and what it does.

import type { IpmiBmc } from '../bmc-memory.ts';
import type { IpmiSession } from '../sessions.ts';

export type Outcome = { readonly code: number; readonly data?: Buffer };

export type CommandCall = {
  readonly bmc: IpmiBmc;
  readonly data: Buffer;
  /** Null: asked by somebody who has not logged in. */
  readonly session: IpmiSession | null;
  /** Asked by the machine itself: that needs no login. */
  readonly isInside?: boolean;
};

export type Command = {
  /** 0: anybody, without a session too; 2 user, 3 operator, 4 administrator. */
  readonly privilege: number;
  readonly bytesMin?: number;
  readonly run: (call: CommandCall) => Outcome | Promise<Outcome>;
};

/** By network function and command, as `06.01`. */
export type CommandTable = { readonly [key: string]: Command };

export const CODE = {
  unknownCommand: 0xc1,
  tooShort: 0xc7,
  outOfRange: 0xc9,
  invalidField: 0xcc,
  privilege: 0xd4,
} as const;

export const completed = (...bytes: readonly number[]): Outcome => ({
  code: 0,
  data: Buffer.from(bytes),
});
