// Markers of lists whose objects have names: a name is a marker by its form, and none is ever found by one.

import type { Refusal } from '@bessemer/protocol/errors/refusal';

import type { Query } from '../query.ts';
import { isLogicalName } from './resource-input.ts';

/** Throws what `missing` makes (404) for a name; what is neither name nor UUID is refused with the page. */
export const refuseNamedMarker = (query: Query, missing: (ident: string) => Refusal): void => {
  const { marker } = query;
  if (marker !== undefined && isLogicalName(marker)) throw missing(marker);
};
