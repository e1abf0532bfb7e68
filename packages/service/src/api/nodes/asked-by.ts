// Who asks for something that history tells of later.

import type { FastifyRequest } from 'fastify';

import type { Caller } from '#conductor/conductor';

/** Nothing where nobody logs in. */
export const askedBy = ({
  user,
  credentials: { user_id: id, project_id: project },
}: Pick<FastifyRequest, 'user' | 'credentials'>): { readonly caller?: Caller } => {
  const caller = { user: id ?? user, project };
  return caller.user === null && project === null ? {} : { caller };
};
