// A chassis: a name for a group of nodes, kept because clients ask for it.

import type { JsonObject } from '../json.ts';

export type ChassisRecord = {
  readonly id: number;
  readonly uuid: string;
  readonly description: string | null;
  readonly extra: JsonObject;
  readonly createdAt: string;
  readonly updatedAt: string | null;
};
