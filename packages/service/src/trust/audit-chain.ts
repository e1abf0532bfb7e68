// The chain over the audit log: each row's hash is keyed and covers the row before it, and the end is sealed. Who has
// the store without the keys can change, drop, move or cut rows only so that it shows. What it cannot show is a store
// brought back whole from an old copy: keep `seq` and `hash` of the end elsewhere and compare.

import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';

/** A row as it is hashed: every column but the hash. */
export type ChainedEntry = {
  readonly seq: number;
  readonly atMs: number;
  readonly event: string;
  readonly severity: string;
  readonly nodeUuid: string | null;
  readonly sessionId: string | null;
  readonly bootNumber: number | null;
  readonly source: string | null;
  readonly agentVersion: string | null;
  readonly requestId: string | null;
  readonly outcome: string;
  /** JSON text, as it is stored. */
  readonly detail: string;
};

export type ChainedRow = ChainedEntry & { readonly hash: string };

export type ChainEnd = { readonly seq: number; readonly hash: string };
export type SealedEnd = ChainEnd & { readonly seal: string };

export type ChainFault = {
  readonly kind: 'key' | 'end' | 'changed' | 'missing' | 'reordered' | 'cut';
  /** Where it shows first. */
  readonly seq: number;
  readonly text: string;
};

export type ChainReport = {
  readonly count: number;
  readonly end: ChainEnd;
  readonly fault: ChainFault | undefined;
};

export type AuditChain = {
  /** The hash of `entry`, which follows the row whose hash is `before`. Hex. */
  readonly link: (before: string, entry: ChainedEntry) => string;
  readonly seal: (end: ChainEnd) => string;
  /** Reads until the first fault. `rows` come by rising number, `sealed` was read before them. */
  readonly verify: (
    rows: AsyncIterable<ChainedRow>,
    sealed: SealedEnd | undefined,
  ) => Promise<ChainReport>;
};

/** What the chain starts from, before the first row. */
export const CHAIN_START: ChainEnd = { seq: 0, hash: '' };

/** A JSON array: two different rows never give the same text. */
const textOf = (before: string, entry: ChainedEntry): string =>
  JSON.stringify([
    'bessemer/v1 audit row',
    before,
    entry.seq,
    entry.atMs,
    entry.event,
    entry.severity,
    entry.nodeUuid,
    entry.sessionId,
    entry.bootNumber,
    entry.source,
    entry.agentVersion,
    entry.requestId,
    entry.outcome,
    entry.detail,
  ]);

const isEqual = (left: string, right: string): boolean => {
  const [one, other] = [Buffer.from(left), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
};

const fault = (kind: ChainFault['kind'], seq: number, text: string): ChainFault => ({
  kind,
  seq,
  text,
});

export const makeAuditChain = (key: Buffer): AuditChain => {
  // A key object, made once: as bytes the key would cost several times the digest, for each row anew.
  const secret = createSecretKey(key);
  const sign = (text: string): string => createHmac('sha256', secret).update(text).digest('hex');
  const link: AuditChain['link'] = (before, entry) => sign(textOf(before, entry));
  const seal: AuditChain['seal'] = ({ seq, hash }) =>
    sign(JSON.stringify(['bessemer/v1 audit end', seq, hash]));

  const faultOf = (row: ChainedRow, last: ChainEnd, sealed: SealedEnd): ChainFault | undefined => {
    if (row.seq <= last.seq)
      return fault('reordered', row.seq, `Row ${row.seq} comes after row ${last.seq}.`);
    if (row.seq !== last.seq + 1)
      return fault('missing', last.seq + 1, `Row ${last.seq + 1} is missing.`);
    if (!isEqual(row.hash, link(last.hash, row)))
      return fault(
        'changed',
        row.seq,
        `Row ${row.seq} is not the one that was written at this place.`,
      );
    if (row.seq === sealed.seq && !isEqual(row.hash, sealed.hash))
      return fault('end', row.seq, `The sealed end of the log is not row ${row.seq}.`);
    return undefined;
  };

  return {
    link,
    seal,
    verify: async (rows, sealed) => {
      if (sealed !== undefined && !isEqual(sealed.seal, seal(sealed))) {
        const text = 'The end of the log is not sealed by this key.';
        return { count: 0, end: CHAIN_START, fault: fault('key', sealed.seq, text) };
      }
      const known = sealed ?? { ...CHAIN_START, seal: '' };
      let last = CHAIN_START;
      let count = 0;
      for await (const row of rows) {
        if (sealed === undefined) {
          const text = 'The log has rows, and its sealed end is gone.';
          return { count, end: last, fault: fault('end', row.seq, text) };
        }
        const found = faultOf(row, last, known);
        if (found !== undefined) return { count, end: last, fault: found };
        last = { seq: row.seq, hash: row.hash };
        count += 1;
      }
      if (last.seq >= known.seq) return { count, end: last, fault: undefined };
      const text = `The log ends at row ${last.seq}, and was written up to row ${known.seq}.`;
      return { count, end: last, fault: fault('cut', last.seq + 1, text) };
    },
  };
};
