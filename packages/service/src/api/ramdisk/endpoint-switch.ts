// The first two checks of every ramdisk route: the switch, then the version.

import type { FastifyRequest } from 'fastify';

import { Refusal } from '@bessemer/protocol/errors/refusal';

import { loggedUrl } from '#observe/log';

import { resourceMissing } from '../error-envelope.ts';
import type { RamdiskParts } from './ramdisk-options.ts';

export const requireEnabled = (
  parts: RamdiskParts,
  request: FastifyRequest,
  isOffered: boolean,
): void => {
  if (parts.isDisabled) {
    throw new Refusal(
      403,
      `Access was denied to the following resource: ${loggedUrl(request.url)}`,
    );
  }
  if (!isOffered) throw resourceMissing();
};
