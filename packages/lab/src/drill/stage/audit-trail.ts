// What the product wrote down about an attack.

import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';

import { pause, systemClock } from '../../clock.ts';
import { LabFailure } from '../../lab-failure.ts';
import type { Findings } from '../findings.ts';
import type { Product } from './product.ts';

const LOOK_EACH_MS = 50;
/** Events of refusals are stored aside, after the answer went out. */
const WRITTEN_MS_MAX = 15_000;
const PAGE = 1_000;

export type AuditEntry = {
  readonly seq: number;
  readonly event: string;
  readonly node: string | null;
  readonly source: string | null;
  readonly detail: JsonObject;
};

export const auditAfter = async (product: Product, afterSeq: number): Promise<AuditEntry[]> => {
  const all: AuditEntry[] = [];
  for (;;) {
    const last = all.at(-1)?.seq ?? afterSeq;
    const { status, body } = await product.api(
      'GET',
      `/bessemer/audit?after=${last}&limit=${PAGE}`,
    );
    const page = isJsonObject(body) ? body['audit'] : undefined;
    if (status !== 200 || !Array.isArray(page)) {
      throw new LabFailure(`the audit log cannot be read: ${status}`);
    }
    all.push(...(page as unknown as AuditEntry[]));
    if (page.length < PAGE) return all;
  }
};

export type ExpectedEvent = {
  readonly event: string;
  readonly node?: string;
  readonly source?: string;
  /** `detail.reason` */
  readonly reason?: string;
};

const isThis = (entry: AuditEntry, wish: ExpectedEvent): boolean =>
  entry.event === wish.event &&
  (wish.node === undefined || entry.node === wish.node) &&
  (wish.source === undefined || wish.source === '' || entry.source === wish.source) &&
  (wish.reason === undefined || entry.detail['reason'] === wish.reason);

/** Notes the event as seen, or as missing. */
export const expectEvent = async (
  product: Product,
  findings: Findings,
  afterSeq: number,
  wish: ExpectedEvent,
): Promise<void> => {
  const untilMs = systemClock.monotonicMs() + WRITTEN_MS_MAX;
  for (;;) {
    const entries = await auditAfter(product, afterSeq);
    if (entries.some((entry) => isThis(entry, wish))) {
      findings.saw(`event ${wish.event}`);
      return;
    }
    if (systemClock.monotonicMs() > untilMs) {
      const names = [...new Set(entries.map(({ event, detail }) => shown(event, detail)))];
      findings.check(
        false,
        `no event ${wish.event}${wish.reason === undefined ? '' : ` (${wish.reason})`}` +
          `${wish.source === undefined ? '' : ` from ${wish.source}`} in the audit log; there are: ` +
          (names.length === 0 ? 'none' : names.join(', ')),
      );
      return;
    }
    await pause(systemClock, LOOK_EACH_MS);
  }
};

const shown = (event: string, detail: JsonObject): string =>
  typeof detail['reason'] === 'string' ? `${event} (${detail['reason']})` : event;

export const auditEnd = async (product: Product): Promise<number> =>
  (await auditAfter(product, 0)).at(-1)?.seq ?? 0;
