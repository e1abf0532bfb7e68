// What a separate boot host refused, for the audit log of its control plane, which comes and asks. The last ones only:
// a flood must not fill the memory of a host that nobody visits.

import { randomUUID } from 'node:crypto';

import { isJsonObject } from '@bessemer/protocol/json';

import type { BootDenial } from '../boot-host.ts';
import { isUuid } from './control-protocol.ts';

/** Numbers begin anew with each start of the host; `run` tells the starts apart. */
export type DenialPage = {
  readonly run: string;
  /** Number of the last one. */
  readonly last: number;
  readonly denials: readonly BootDenial[];
};

export type DenialLog = {
  readonly add: (denial: BootDenial) => void;
  /** Those after number `after` of the start `run`; all for another start. */
  readonly since: (run: string, after: number) => DenialPage;
};

const KEPT_MAX = 1_000;

export const makeDenialLog = (): DenialLog => {
  const run = randomUUID();
  const kept: BootDenial[] = [];
  let last = 0;
  return {
    add: (denial) => {
      last += 1;
      kept.push(denial);
      if (kept.length > KEPT_MAX) kept.shift();
    },
    since: (asked, after) => {
      const isSameRun = asked === run && after <= last;
      const newCount = Math.min(kept.length, isSameRun ? last - after : kept.length);
      return { run, last, denials: kept.slice(kept.length - newCount) };
    },
  };
};

const REASONS = ['signature', 'source', 'expired', 'unknown', 'path'] as const;
const SOURCE_CHARS_MAX = 64;

const denialOf = (value: unknown): BootDenial | undefined => {
  if (!isJsonObject(value)) return undefined;
  const { nodeUuid, source } = value;
  const reason = REASONS.find((each) => each === value['reason']);
  if (reason === undefined || typeof source !== 'string') return undefined;
  const isNode = typeof nodeUuid === 'string' && isUuid(nodeUuid);
  return {
    nodeUuid: isNode ? nodeUuid : undefined,
    source: source.slice(0, SOURCE_CHARS_MAX),
    reason,
  };
};

/** What the host says, as far as it makes sense: it is the less guarded of the two. */
export const parseDenialPage = (body: unknown): DenialPage => {
  const { run, last, denials } = isJsonObject(body) ? body : {};
  return {
    run: typeof run === 'string' ? run : '',
    last: typeof last === 'number' ? last : 0,
    denials: Array.isArray(denials)
      ? denials.slice(0, KEPT_MAX).flatMap((each) => denialOf(each) ?? [])
      : [],
  };
};
