// Some BMCs let who comes with a password that somebody else chose do nothing but change it. The password is right then,
// and no try that could lock the account.

import type { Failure } from '@bessemer/protocol/errors/failure';

/** In details.reason of 'bmc.credentials'. */
export const CHANGE_DEMANDED = 'password-change-required';

export const isChangeDemanded = ({ details }: Pick<Failure, 'details'>): boolean =>
  details['reason'] === CHANGE_DEMANDED;
