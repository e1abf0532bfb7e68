// A command as the BMC sees it, and its answer.

export type Asked = {
  readonly netFn: number;
  readonly command: number;
  readonly number: number;
  readonly data: Buffer;
};

const total = (bytes: Buffer): number => bytes.reduce((sum, each) => (sum + each) & 0xff, 0);

export const readAsked = (message: Buffer): Asked | undefined => {
  if (message.length < 7) return undefined;
  if (total(message.subarray(0, 3)) !== 0 || total(message.subarray(3)) !== 0) return undefined;
  return {
    netFn: message.readUInt8(1) >> 2,
    number: message.readUInt8(4) >> 2,
    command: message.readUInt8(5),
    data: message.subarray(6, -1),
  };
};

export const answerMessage = (asked: Asked, code: number, data: Buffer): Buffer => {
  const front = [0x81, (asked.netFn + 1) << 2];
  const back = [0x20, asked.number << 2, asked.command, code, ...data];
  const check = (bytes: readonly number[]): number => (0x100 - total(Buffer.from(bytes))) & 0xff;
  return Buffer.from([...front, check(front), ...back, check(back)]);
};
