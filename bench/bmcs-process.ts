// Many BMCs of the lab in a process of its own, each at a port of its own. Prints the ports as JSON.
//   node ipmi-bmcs-process.ts COUNT USER PASSWORD

import { makeIpmiBmc } from '../packages/lab/src/bmc/ipmi/bmc-memory.ts';
import { startIpmiServer } from '../packages/lab/src/bmc/ipmi/ipmi-server.ts';
import { systemClock } from '../packages/lab/src/clock.ts';
import { makeSwitchMachine } from '../packages/lab/test/stand-in/switch-machine.ts';

const [, , count = '1', username = '', password = ''] = process.argv;

const ports = await Promise.all(
  Array.from({ length: Number(count) }, async () => {
    const bmc = makeIpmiBmc({ machine: makeSwitchMachine(), username, password });
    const { port } = await startIpmiServer(bmc, { clock: systemClock, host: '127.0.0.1', port: 0 });
    return port;
  }),
);
process.stdout.write(`${JSON.stringify(ports)}\n`);
process.on('SIGTERM', () => process.exit(0));
