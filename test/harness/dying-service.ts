// The service with its death built in, as one file: a test starts it dozens of times, and a life begins in half the time.

import { join } from 'node:path';

import { bundleProgram } from '../../packages/service/test/bundled-program.ts';
import { REPOSITORY, type ServiceOptions } from './service.ts';

export type DyingService = {
  /** Options of `startService` for a life that ends as `death` says; without one it does not end so. */
  readonly life: (death?: {
    readonly [name: string]: string;
  }) => Required<Pick<ServiceOptions, 'program' | 'environment'>>;
  readonly remove: () => Promise<void>;
};

/** `preload`: kill-at-line.ts or kill-at-request.ts, which run before the code of the service. */
export const makeDyingService = async (preload: string): Promise<DyingService> => {
  const sources = [join('test/harness', preload), 'packages/service/src/main.ts'];
  const bundle = await bundleProgram(sources.map((source) => join(REPOSITORY, source)));
  return {
    life: (death = {}) => ({
      program: [process.execPath, bundle.program],
      environment: { ...death, NODE_COMPILE_CACHE: bundle.cache },
    }),
    remove: bundle.remove,
  };
};
