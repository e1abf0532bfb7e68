// The BMC of a simulated machine, over a port of the lab: the protocol that emulated machines speak to a BMC outside of
// the emulator (OpenIPMI's "VM" codec), so that it is the same port for both, and ipmi_sim's works too.
//
// A message is number, network function and LUN, command, data, checksum; 0xA0 ends it. 0xA1 ends a hint about the
// machine's power or interrupts, which mean nothing here. These two and 0xAA are sent as 0xAA and the byte with bit 4.

import { connect } from 'node:net';
import type { Clock } from '#clock';
import { CommandFailure } from '../../command-failure.ts';
import type { IpmiAnswer, IpmiRequest, SystemInterface } from './system-interface.ts';

const END = 0xa0;
const HINT_END = 0xa1;
const ESCAPE = 0xaa;
const ESCAPED_BIT = 0x10;
const ANSWER_MS_MAX = 10_000;
/** Number, function, command, code, checksum. */
const ANSWER_BYTES_MIN = 5;
const ANSWER_BYTES_MAX = 512;

export type SimulatedInterfaceParts = {
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
};

export const makeSimulatedInterface = (place: SimulatedInterfaceParts): SystemInterface => ({
  exchange: async (asked) => {
    const [answer] = await exchangeAll(place, [asked]);
    if (answer === undefined) throw unreachable('no answer');
    return answer;
  },
  exchangeAll: (asked) => exchangeAll(place, asked),
});

const unreachable = (why: string): CommandFailure =>
  new CommandFailure(
    'CommandExecutionError',
    `the BMC cannot be asked from inside the machine: ${why}`,
  );

/** One connection, one question at a time. */
const exchangeAll = (
  { host, port, clock }: SimulatedInterfaceParts,
  asked: readonly IpmiRequest[],
): Promise<readonly IpmiAnswer[]> =>
  new Promise((resolve, reject) => {
    const answers: IpmiAnswer[] = [];
    const socket = connect({ host, port });
    const deframe = makeDeframer();
    const cancel = clock.after(ANSWER_MS_MAX, () => fail('no answer in time'));

    const fail = (why: string): void => {
      cancel();
      socket.destroy();
      reject(unreachable(why));
    };
    const sendNext = (): void => {
      const next = asked[answers.length];
      if (next !== undefined) {
        socket.write(frame(answers.length & 0xff, next));
        return;
      }
      // ipmi_sim takes the next connection when this one is gone.
      socket.end();
    };
    socket.on('connect', sendNext);
    socket.on('data', (bytes: Buffer) => {
      for (const message of deframe(bytes)) {
        if (message.length < ANSWER_BYTES_MIN || sumOf(message) !== 0) continue;
        if (message[0] !== (answers.length & 0xff)) continue;
        answers.push({ code: message.readUInt8(3), data: message.subarray(4, -1) });
        sendNext();
      }
    });
    socket.once('error', (error) => fail(error.message));
    socket.once('close', () => {
      if (answers.length < asked.length) fail('the connection was closed');
      cancel();
      resolve(answers);
    });
  });

const sumOf = (bytes: Uint8Array): number => bytes.reduce((sum, each) => (sum + each) & 0xff, 0);

const frame = (number: number, { netFn, command, data }: IpmiRequest): Buffer => {
  const content = [number, netFn << 2, command, ...data];
  const checksum = (0x100 - sumOf(Uint8Array.from(content))) & 0xff;
  const escaped = [...content, checksum].flatMap((each) =>
    [END, HINT_END, ESCAPE].includes(each) ? [ESCAPE, each | ESCAPED_BIT] : [each],
  );
  return Buffer.from([...escaped, END]);
};

/** Whole messages of a stream; hints are left out. */
const makeDeframer = (): ((bytes: Buffer) => Buffer[]) => {
  let content: number[] = [];
  let isEscaped = false;
  return (bytes) => {
    const messages: Buffer[] = [];
    for (const each of bytes) {
      if (each === END) messages.push(Buffer.from(content));
      if (each === END || each === HINT_END) content = [];
      else if (each === ESCAPE) isEscaped = true;
      else if (content.length < ANSWER_BYTES_MAX) {
        content.push(isEscaped ? each & ~ESCAPED_BIT : each);
        isEscaped = false;
      }
    }
    return messages;
  };
};
