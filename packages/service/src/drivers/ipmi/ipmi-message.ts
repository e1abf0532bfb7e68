// A command and its answer as they are in every IPMI session, whatever carries them: addresses, a number that
// ties the answer to the question, two checksums.

import { demand, parsed } from './packet-reader.ts';

export type IpmiRequest = {
  readonly netFn: number;
  readonly command: number;
  readonly data?: Buffer;
  /** 0 to 63; a repeat of the same request carries the same number. */
  readonly number: number;
};

export type IpmiResponse = {
  readonly netFn: number;
  readonly command: number;
  readonly number: number;
  readonly completionCode: number;
  readonly data: Buffer;
};

export const REQUEST_NUMBERS = 64;

const BMC_ADDRESS = 0x20;
const CONSOLE_ADDRESS = 0x81;

export const writeIpmiRequest = ({ netFn, command, data, number }: IpmiRequest): Buffer => {
  const head = Buffer.from([BMC_ADDRESS, netFn << 2]);
  const body = Buffer.concat([
    Buffer.from([CONSOLE_ADDRESS, number << 2, command]),
    data ?? Buffer.alloc(0),
  ]);
  return Buffer.concat([head, checksum(head), body, checksum(body)]);
};

export const readIpmiResponse = (message: Buffer): IpmiResponse | undefined =>
  parsed(message, (reader) => {
    demand(message.length >= 8);
    demand(sum(message.subarray(0, 3)) === 0 && sum(message.subarray(3)) === 0);
    demand(reader.byte() === CONSOLE_ADDRESS);
    const netFn = reader.byte() >> 2;
    reader.take(2);
    const number = reader.byte() >> 2;
    const command = reader.byte();
    const completionCode = reader.byte();
    const data = reader.take(reader.leftBytes() - 1);
    return { netFn, command, number, completionCode, data };
  });

/** Answers have the odd network function that follows the request's even one. */
export const isAnswerTo = (request: IpmiRequest, response: IpmiResponse): boolean =>
  response.netFn === request.netFn + 1 &&
  response.command === request.command &&
  response.number === request.number;

const sum = (bytes: Buffer): number => {
  let total = 0;
  for (const byte of bytes) total += byte;
  return total & 0xff;
};

const checksum = (bytes: Buffer): Buffer => Buffer.from([(256 - sum(bytes)) & 0xff]);
