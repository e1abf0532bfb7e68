// placeholder
import type { Hardware } from './hardware.ts';
import type { Clock } from '#clock';
import type { AgentLog } from '../agent-log.ts';
export const makeGenericHardware = (_parts: {
  readonly bootMac: string | null;
  readonly clock: Clock;
  readonly log: AgentLog;
}): Hardware => {
  throw new Error('real hardware is not supported yet');
};
