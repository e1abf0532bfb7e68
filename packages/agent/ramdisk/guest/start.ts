// First program on Node.js in the ramdisk: network, then the agent, in one process, because a second start of
// Node.js costs seconds on slow machines.

import { readFileSync } from 'node:fs';
import { keepLog } from './log-ring.ts';
import { bringNetworkUp } from './network.ts';
import { setClock } from './set-clock.ts';

const say = (text: string): void => {
  const [uptime = ''] = readFileSync('/proc/uptime', 'utf8').split(' ');
  process.stdout.write(`bessemer-ramdisk: [${uptime}] ${text}\n`);
};

keepLog();
setClock(say);
bringNetworkUp(say);
say('starting the agent');
// The agent's bundle lies beside this one.
await import(['.', 'main.mjs'].join('/'));
