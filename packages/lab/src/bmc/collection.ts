// A Redfish collection of links.

import type { JsonObject } from '@bessemer/protocol/json';

export const collection = (
  path: string,
  type: string,
  name: string,
  members: readonly string[],
): JsonObject => ({
  '@odata.id': path,
  '@odata.type': `#${type}.${type}`,
  Name: name,
  'Members@odata.count': members.length,
  Members: members.map((member) => ({ '@odata.id': member })),
});
