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

const cell = (value: unknown): Cell =>
  typeof value === 'string' || typeof value === 'number' ? value : null;

export const erasures = async (session: Session, node: string, format: Format): Promise<string> => {
  const records = await fetchErasures(session, node);
  return renderListing(
    {
      columns: ['when', 'disk', 'serial', 'size', 'method', 'what was done'],
      rows: records.map((record) => {
        const { at, disk, serial, sizeBytes, method, summary } = record;
        return [
          cell(at),
          cell(disk),
          cell(serial),
          typeof sizeBytes === 'number' ? sizeText(sizeBytes) : null,
          cell(method),
          cell(summary),
        ];
      }),
      data: records,
    },
    format,
  );
};
