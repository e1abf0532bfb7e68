// GET validate: one result per interface kind. Implementations that do something answer with their own check;
// `no-*` answers as the API's clients know it: false, and a sentence that says so.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { INTERFACE_KINDS, type NodeRecord } from '@bessemer/protocol/node/record';

import type { NodeDriver } from './driver.ts';
import type { Interfaces } from './hardware-type.ts';

type Checks = { readonly [kind: string]: (node: NodeRecord) => void };
type Result = { readonly result: boolean | null; readonly reason?: string };

/** `checks` name the kinds that have something to check; the others pass, or are `no-*`. */
export const makeValidateAll =
  (hardwareType: string, interfaces: Interfaces, checks: Checks): NodeDriver['validateAll'] =>
  (node) => {
    const results: { [kind: string]: Result } = {};
    for (const kind of INTERFACE_KINDS) {
      // The API has never shown vendor here.
      if (kind === 'vendor') continue;
      results[kind] = interfaces[kind].startsWith('no-')
        ? {
            result: false,
            reason: `Driver ${hardwareType} does not support ${kind} (disabled or not implemented).`,
          }
        : outcomeOf(checks[kind], node);
    }
    return results;
  };

const outcomeOf = (check: ((node: NodeRecord) => void) | undefined, node: NodeRecord): Result => {
  if (check === undefined) return { result: true };
  try {
    check(node);
    return { result: true };
  } catch (error) {
    if (error instanceof Refusal) return { result: false, reason: error.message };
    throw error;
  }
};
