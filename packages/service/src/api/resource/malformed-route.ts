// Objects have one path, which is never below a list of another object.

import type { RuleName } from '#policy/rules';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { Feature } from '@bessemer/protocol/microversion/features';

import type { Route } from '../route.ts';

/** `list` is the path of the list; `since` is its version. */
export const malformedRoute = (list: string, rule: RuleName, since: Feature): Route => ({
  method: 'GET',
  path: `${list}/:below`,
  isRefusal: true,
  rule,
  since,
  handle: () => {
    throw new Refusal(400, 'Malformed request URI.');
  },
});
