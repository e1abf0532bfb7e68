// What time it is, as far as this machine can know: its clock may be years behind, but it is never before the
// service made the boot medium.

import type { Clock } from '#clock';
import type { AgentConfiguration } from './configuration.ts';

export const likelyTimeMs = (
  clock: Pick<Clock, 'wallMs'>,
  { serviceTimeMs }: Pick<AgentConfiguration, 'serviceTimeMs'>,
): number => Math.max(clock.wallMs(), serviceTimeMs ?? 0);
