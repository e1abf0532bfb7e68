// The way from a machine to its own BMC (KCS, SSIF, BT): no login, no network. Two make it: ipmitool over the
// kernel's device, and the lab's port for machines that are simulated.

import { CommandFailure } from '../../command-failure.ts';

export type IpmiRequest = {
  readonly netFn: number;
  readonly command: number;
  readonly data: Uint8Array;
  /** It holds a password: it must not be seen in a list of processes. */
  readonly isSecret?: boolean;
};

export type IpmiAnswer = {
  /** Completion code; 0 is success. */
  readonly code: number;
  readonly data: Buffer;
};

export type SystemInterface = {
  /** Any completion code is an answer. Throws CommandExecutionError when there is no BMC, or none that answers. */
  readonly exchange: (request: IpmiRequest) => Promise<IpmiAnswer>;
  /** The same for many that hold no secret and are answered by at most 16 bytes each: for what is read in bulk. */
  readonly exchangeAll: (requests: readonly IpmiRequest[]) => Promise<readonly IpmiAnswer[]>;
};

export const request = (netFn: number, command: number, ...data: number[]): IpmiRequest => ({
  netFn,
  command,
  data: Uint8Array.from(data),
});

const CODES: { readonly [code: number]: string } = {
  0x80: 'refused by the rules of this command',
  0xc0: 'busy',
  0xc1: 'does not know the command',
  0xc3: 'timed out',
  0xc7: 'finds the request too short or too long',
  0xc8: 'finds the request too long',
  0xc9: 'finds a number out of range',
  0xcb: 'has no such thing',
  0xcc: 'finds a field of the request invalid',
  0xd4: 'finds the privilege too low',
  0xd5: 'cannot do so in its present state',
  0xd6: 'has the command switched off',
};

export const codeText = (code: number): string => {
  const hex = `0x${code.toString(16).padStart(2, '0')}`;
  const meaning = CODES[code];
  return meaning === undefined ? `answered ${hex}` : `${meaning} (${hex})`;
};

/** For commands that have to succeed. `what` names the deed, never its content. */
export const demand = async (
  bmc: SystemInterface,
  asked: IpmiRequest,
  what: string,
): Promise<Buffer> => {
  const { code, data } = await bmc.exchange(asked);
  if (code === 0) return data;
  throw new CommandFailure('CommandExecutionError', `${what}: the BMC ${codeText(code)}`);
};
