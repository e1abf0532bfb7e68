// What rules may change. Values come from a machine that nobody vouches for, so it is a list of what may be, not of
// what may not: no rule gives a node to another owner, reserves it, or moves it through its states.

export type Settable =
  /** A map: anything below it. */
  | { readonly kind: 'map' }
  | { readonly kind: 'text'; readonly charsMax: number; readonly pattern?: RegExp }
  | { readonly kind: 'flag' }
  /** Taken, and refused when it would change anything. */
  | { readonly kind: 'same' };

const NAME_PATTERN = /^[A-Za-z0-9._~-]{1,255}$/;

export const SETTABLE_OF_NODE: { readonly [attribute: string]: Settable } = {
  properties: { kind: 'map' },
  extra: { kind: 'map' },
  driver_info: { kind: 'map' },
  name: { kind: 'text', charsMax: 255, pattern: NAME_PATTERN },
  description: { kind: 'text', charsMax: 4_096 },
  resource_class: { kind: 'text', charsMax: 80 },
  driver: { kind: 'same' },
};

export const SETTABLE_OF_PORT: { readonly [attribute: string]: Settable } = {
  extra: { kind: 'map' },
  local_link_connection: { kind: 'map' },
  pxe_enabled: { kind: 'flag' },
  physical_network: { kind: 'text', charsMax: 64 },
  description: { kind: 'text', charsMax: 255 },
  vendor: { kind: 'text', charsMax: 32 },
  category: { kind: 'text', charsMax: 80 },
};

const SEGMENTS_MAX = 20;
const SEGMENT_CHARS_MAX = 255;
const FORBIDDEN: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** What is wrong with a path; undefined: nothing. */
export const pathProblem = (
  segments: readonly string[],
  settable: { readonly [attribute: string]: Settable } | undefined,
): string | undefined => {
  const bad = segments.find(
    (each) => each === '' || each.length > SEGMENT_CHARS_MAX || FORBIDDEN.has(each),
  );
  if (bad !== undefined) return 'it has a part that is empty, too long or not allowed';
  if (segments.length > SEGMENTS_MAX) return `it has more than ${SEGMENTS_MAX} parts`;
  if (settable === undefined) return undefined;
  const root = segments[0] ?? '';
  const found = Object.hasOwn(settable, root) ? settable[root] : undefined;
  if (found === undefined) {
    return `rules may change only ${Object.keys(settable).join(', ')}`;
  }
  return found.kind !== 'map' && segments.length > 1 ? `${root} has nothing below it` : undefined;
};
