// Runs in the process of the service before its own code (dying-service.ts): makes it kill itself by SIGKILL around the
// journal line that KILL_AT_LINE names, e.g. "2 before", or at the statement of a token's grant that KILL_AT_GRANT
// names (before, stored, committed). The service itself has no such switch.

import { DEFAULT_CONDUCTOR_OPTIONS } from '../../packages/service/src/conductor/conductor-parts.ts';

const [line, side] = (process.env['KILL_AT_LINE'] ?? '').split(' ');
const grant = process.env['KILL_AT_GRANT'];

Object.assign(DEFAULT_CONDUCTOR_OPTIONS, {
  faultPoint: (at: number, when: string): void => {
    if (at === Number(line) && when === side) process.kill(process.pid, 'SIGKILL');
  },
  grantFaultPoint: (where: string): void => {
    if (where === grant) process.kill(process.pid, 'SIGKILL');
  },
});
