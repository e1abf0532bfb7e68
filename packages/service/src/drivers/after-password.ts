// What a door does to an account after the BMC has taken a new password for it, and before it answers. Where that fails
// the BMC is not as it was before, whatever the failure is called.

import { Failure } from '@bessemer/protocol/errors/failure';

const DETAIL = 'isPasswordSet';

export const afterPassword = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { code, message, isRetryable, details } = error;
    throw new Failure(code, message, {
      isRetryable,
      details: { ...details, [DETAIL]: true },
      cause: error,
    });
  }
};

/** Whether the account may have the new password though its change failed so. */
export const isPasswordSet = ({ details }: Failure): boolean => details[DETAIL] === true;
