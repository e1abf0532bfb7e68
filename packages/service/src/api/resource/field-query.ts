// `fields=` and `sort_key=` of a resource, checked against its field table.

import type { FastifyRequest } from 'fastify';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import {
  fieldOf,
  fieldSince,
  isFieldOf,
  type ResourceTable,
} from '@bessemer/protocol/resource/fields';

import { notAcceptable } from '../error-envelope.ts';
import { asList, requireFeature } from '../query.ts';

/** Undefined when nothing was asked for; `links` are always among them. */
export const askedFields = <Name extends string>(
  request: FastifyRequest,
  table: ResourceTable<Name>,
  text: string | undefined,
): readonly Name[] | undefined => {
  if (text === undefined) return undefined;
  requireFeature(request, 'fields-query');
  const names = [...(asList(text) ?? []), 'links'].map((name) => {
    if (!isFieldOf(table, name)) {
      throw new Refusal(400, `Field ${name.slice(0, 100)} is not a valid field.`);
    }
    if (fieldSince(table, name) > request.minor) throw notAcceptable();
    return name;
  });
  return [...new Set(names)];
};

/** Undefined for what cannot be sorted by. */
export const sortColumn = <Name extends string>(
  request: FastifyRequest,
  table: ResourceTable<Name>,
  name: string,
): string | undefined => {
  if (!isFieldOf(table, name) || !fieldOf(table, name).isSortable) return undefined;
  if (fieldSince(table, name) > request.minor) throw notAcceptable();
  return fieldOf(table, name).column;
};
