// Machines that were long without power may be years off, and then no certificate is valid. The service wrote its own
// time into this boot's configuration: a clock that is more than a day away from it is set to it.

import { parseIni } from '@bessemer/protocol/media/ini';

/** More than a boot takes, and than certificates are backdated by. */
const TRUSTED_DIFFERENCE_MS = 86_400_000;

/** Milliseconds to set the clock to; undefined when it can stay, or nobody says what is right. */
export const clockWish = (configuration: string, nowMs: number): number | undefined => {
  const entry = parseIni(configuration).find(
    ({ section, key }) => section === 'bessemer' && key === 'service_time',
  );
  const serviceTimeMs = Date.parse(entry?.value ?? '');
  if (Number.isNaN(serviceTimeMs)) return undefined;
  return Math.abs(nowMs - serviceTimeMs) > TRUSTED_DIFFERENCE_MS ? serviceTimeMs : undefined;
};
