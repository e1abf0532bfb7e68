// Addresses that are free now, for a service that has to have the same ones in each of its lives.

import { freePorts as freeNumbers } from '../../packages/lab/src/free-ports.ts';

/** As `127.0.0.1:PORT`. */
export const freePorts = async (count: number): Promise<readonly string[]> =>
  (await freeNumbers(count)).map((port) => `127.0.0.1:${port}`);
