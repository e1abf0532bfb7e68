// A machine that does not do what a caller waits for: the caller is told, and it is no defect of the service.

import { Failure } from '@bessemer/protocol/errors/failure';
import { Refusal } from '@bessemer/protocol/errors/refusal';

/** Throws Refusal(503) with the text of a Failure. */
export const told = async <T>(work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Failure) throw new Refusal(503, error.message);
    throw error;
  }
};
