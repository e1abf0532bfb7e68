// Ports as the routes work with them.

import type { FastifyRequest } from 'fastify';

import { findPort, updatePort } from '#store/ports';

import { offers } from '@bessemer/protocol/microversion/features';
import { PORT, type PortFieldName } from '@bessemer/protocol/port/fields';
import type { PortRecord } from '@bessemer/protocol/port/record';

import type { OwnedResource } from '../resource/owned-resource.ts';
import { readLink, shownLink } from './link-connection.ts';

export const PORTS: OwnedResource<PortFieldName, PortRecord> = {
  table: PORT,
  readSpecial: readLink,
  showSpecial: shownLink,
  find: findPort,
  update: updatePort,
};

/** Where a port may be called by its name. A MAC address is no identity anywhere. */
export const hasPortNames = ({ minor }: FastifyRequest): boolean => offers(minor, 'port-name');
