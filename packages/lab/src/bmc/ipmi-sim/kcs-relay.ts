// The cable between an emulated machine's system interface and its BMC. QEMU runs in the network namespace of the lab
// and ipmi_sim outside of it; a unix socket reaches through. QEMU connects again by itself when it is cut.

import { rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';

export type KcsRelay = { readonly close: () => Promise<void> };

export const startKcsRelay = async (path: string, systemPort: number): Promise<KcsRelay> => {
  const open = new Set<Socket>();
  const server = createServer((machine) => {
    const bmc = connect(systemPort, '127.0.0.1');
    for (const [end, other] of [
      [machine, bmc],
      [bmc, machine],
    ] as const) {
      open.add(end);
      end.on('error', () => other.destroy());
      end.on('close', () => {
        open.delete(end);
        other.destroy();
      });
    }
    machine.pipe(bmc);
    bmc.pipe(machine);
  });
  await rm(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return {
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
      await rm(path, { force: true });
    },
  };
};
