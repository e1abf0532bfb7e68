// Loaded into the service before its own code (NODE_OPTIONS=--import): makes it kill itself by SIGKILL around the
// journal line that KILL_AT_LINE names, e.g. "2 before". The service itself has no such switch.

import { DEFAULT_CONDUCTOR_OPTIONS } from '../../packages/service/src/conductor/conductor-parts.ts';

const [line, side] = (process.env['KILL_AT_LINE'] ?? '').split(' ');

Object.assign(DEFAULT_CONDUCTOR_OPTIONS, {
  faultPoint: (at: number, when: string): void => {
    if (at === Number(line) && when === side) process.kill(process.pid, 'SIGKILL');
  },
});
