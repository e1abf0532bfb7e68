// The BMC as its own machine reaches it: no login. Speaks the protocol by which QEMU reaches a BMC outside of it
// (`ipmi-bmc-extern`; ipmi_sim's "VM" codec), so that emulated and simulated machines use the same port.
//
// A message is number, network function and LUN, command, data, checksum, then 0xA0. What ends with 0xA1 are hints (its
// version, its power), which need no answer. These two and 0xAA are sent as 0xAA and the byte with bit 4 set.

import { createServer, type AddressInfo, type Socket } from 'node:net';

import type { IpmiBmc } from './bmc-memory.ts';
import { runCommand } from './commands/command-table.ts';

export type InBandPort = {
  readonly host: string;
  readonly port: number;
  readonly close: () => Promise<void>;
};

const MESSAGE_END = 0xa0;
const HINT_END = 0xa1;
const ESCAPE = 0xaa;
const ESCAPED_BIT = 0x10;
/** Number, function, command, checksum. */
const REQUEST_BYTES_MIN = 4;
const REQUEST_BYTES_MAX = 512;
const RESPONSE_BIT = 0x04;

export const openInBandPort = async (
  bmc: IpmiBmc,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<InBandPort> => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    serve(bmc, socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    host,
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
};

const serve = (bmc: IpmiBmc, socket: Socket): void => {
  let content: number[] = [];
  let isEscaped = false;
  let last: Promise<void> = Promise.resolve();
  socket.on('data', (bytes: Buffer) => {
    for (const each of bytes) {
      if (each === MESSAGE_END || each === HINT_END) {
        const request = Buffer.from(content);
        content = [];
        isEscaped = false;
        if (each === MESSAGE_END) {
          last = last.then(async () => {
            const answer = await answerTo(bmc, request);
            if (answer !== undefined && !socket.destroyed) socket.write(answer);
          });
        }
      } else if (each === ESCAPE) {
        isEscaped = true;
      } else if (content.length < REQUEST_BYTES_MAX) {
        content.push(isEscaped ? each & ~ESCAPED_BIT : each);
        isEscaped = false;
      }
    }
  });
};

const total = (bytes: Iterable<number>): number =>
  [...bytes].reduce((sum, each) => (sum + each) & 0xff, 0);

const answerTo = async (bmc: IpmiBmc, request: Buffer): Promise<Buffer | undefined> => {
  if (request.length < REQUEST_BYTES_MIN || total(request) !== 0) return undefined;
  const [number = 0, functionByte = 0, command = 0] = request;
  bmc.counters.commands += 1;
  const { code, data } = await runCommand(functionByte >> 2, command, {
    bmc,
    data: request.subarray(3, -1),
    session: null,
    isInside: true,
  });
  const answer = [number, functionByte | RESPONSE_BIT, command, code, ...(data ?? [])];
  const whole = [...answer, (0x100 - total(answer)) & 0xff];
  const escaped = whole.flatMap((each) =>
    [MESSAGE_END, HINT_END, ESCAPE].includes(each) ? [ESCAPE, each | ESCAPED_BIT] : [each],
  );
  return Buffer.from([...escaped, MESSAGE_END]);
};
