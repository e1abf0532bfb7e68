// Everything below /v1/allocations.

import type { ApiParts } from '../api-parts.ts';
import type { Route } from '../route.ts';
import { createAllocationRoute } from './create-allocation.ts';
import { listAllocationRoutes } from './list-allocations.ts';
import { deleteAllocationRoute, patchAllocationRoute } from './write-allocation.ts';

export const allocationRoutes = (parts: ApiParts): readonly Route[] => [
  ...listAllocationRoutes(parts),
  createAllocationRoute(parts),
  patchAllocationRoute(parts),
  deleteAllocationRoute(parts),
];
