// `erasures NODE`: what was done to each disk, and what reading it back showed.

import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';

import { type Format, renderListing } from '#output/format';
import { sizeText } from '#output/quantity';
import type { Cell } from '#output/table';

import type { Session } from '../session.ts';

export const fetchErasures = async (
  session: Session,
  node: string,
): Promise<readonly JsonObject[]> => {
  const answer = await session.call('GET', `/bessemer/nodes/${encodeURIComponent(node)}/erasures`);
  const erasures = isJsonObject(answer) ? answer['erasures'] : undefined;
  return Array.isArray(erasures) ? erasures.filter(isJsonObject) : [];
};

/** The first of `keys` that is there: the service may write a name in either style. */
const pick = (record: JsonObject, ...keys: readonly string[]): Cell => {
  for (const key of keys) {
    const value = record[key];
    if (typeof value === 'string' || typeof value === 'number') return value;
  }
  return null;
};

export const erasures = async (session: Session, node: string, format: Format): Promise<string> => {
  const records = await fetchErasures(session, node);
  return renderListing(
    {
      columns: ['when', 'disk', 'serial', 'size', 'method', 'what was done'],
      rows: records.map((record) => {
        const bytes = pick(record, 'diskBytes', 'disk_bytes');
        return [
          pick(record, 'createdAt', 'created_at'),
          pick(record, 'diskName', 'disk_name'),
          pick(record, 'diskSerial', 'disk_serial'),
          typeof bytes === 'number' ? sizeText(bytes) : null,
          pick(record, 'method'),
          pick(record, 'summary'),
        ];
      }),
      data: records,
    },
    format,
  );
};
