// rotation-process.ts as one file, so that a life begins in a tenth of a second and a matrix of hundreds is had in minutes.

import { join } from 'node:path';

import { type BundledProgram, bundleProgram } from '../bundled-program.ts';

export type ProcessBundle = BundledProgram;

export const bundleProcess = (): Promise<ProcessBundle> =>
  bundleProgram([join(import.meta.dirname, 'rotation-process.ts')]);
