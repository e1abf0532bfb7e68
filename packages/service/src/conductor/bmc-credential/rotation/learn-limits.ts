// What a BMC says of its limits, and what was learned of them before.

import { Failure } from '@bessemer/protocol/errors/failure';

import type { BmcLimits } from '#store/bmc-credentials';
import type { Credential } from '#trust/secret-store/secret-store';

import { tryAs } from './login-tries.ts';
import type { RotationRun } from './rotation-run.ts';

/** What was seen goes before what is said; of two protocols the tighter counts. */
const mergeLimits = (known: BmcLimits, told: readonly BmcLimits[]): BmcLimits => {
  const most = [known, ...told].flatMap(({ lengthMaxBytes }) => lengthMaxBytes ?? []);
  const least = told.flatMap(({ lengthMinBytes }) => lengthMinBytes ?? []);
  return {
    ...(Object.assign({}, known, ...told) as BmcLimits),
    ...(most.length === 0 ? {} : { lengthMaxBytes: Math.min(...most) }),
    ...(least.length === 0 ? {} : { lengthMinBytes: Math.max(...least) }),
  };
};

/** What is usual, and safe with most that is not: of a BMC that cannot be asked yet. */
const ASSUMED: BmcLimits = {
  lockoutThreshold: 3,
  lockoutMs: 1_800_000,
  lockoutResetMs: 1_800_000,
};

export const withAssumed = (known: BmcLimits): BmcLimits => ({ ...ASSUMED, ...known });

const MAY_BE_SILENT: readonly string[] = ['bmc.unsupported', 'bmc.refused'];

export const fetchLimits = async (run: RotationRun, as: Credential): Promise<BmcLimits> => {
  const told: BmcLimits[] = [];
  for (const [index, door] of run.doors.entries()) {
    const login = { username: as.username, isProven: true };
    try {
      const limits = tryAs(run, `bmc.limits.${door.protocol}`, login, () =>
        door.fetchLimits(run.node, as),
      );
      told.push(await limits);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // The accounts of another protocol may be others: what is set there is proved there.
      const isElsewhere = index > 0 && error.code === 'bmc.credentials';
      if (!isElsewhere && !MAY_BE_SILENT.includes(error.code)) throw error;
    }
  }
  return mergeLimits(run.credential.limits, told);
};
