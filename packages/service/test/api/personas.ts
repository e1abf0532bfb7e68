// Callers of three projects and of the system; a request says who it is from in a header.

import type { Authenticate } from '#api/authenticate';
import { type Credentials, makeCredentials, systemAdministrator } from '#policy/credentials';

export const OWNER = 'project-of-the-owner';
export const LESSEE = 'project-of-the-lessee';
export const STRANGER = 'project-of-a-stranger';

const ofProject = (project: string, role: string): Credentials =>
  makeCredentials({
    user_id: `${role} of ${project}`,
    project_id: project,
    project_name: project,
    roles: [role],
  });

const ofSystem = (role: string): Credentials =>
  makeCredentials({ user_id: `system ${role}`, roles: [role], system_scope: 'all' });

export const PERSONAS = {
  'system-admin': ofSystem('admin'),
  'system-member': ofSystem('member'),
  'system-reader': ofSystem('reader'),
  // Where old and new defaults are mixed the role admin of any project is the old administrator; a manager is not.
  'owner-manager': ofProject(OWNER, 'manager'),
  'owner-member': ofProject(OWNER, 'member'),
  'owner-reader': ofProject(OWNER, 'reader'),
  'lessee-manager': ofProject(LESSEE, 'manager'),
  'lessee-member': ofProject(LESSEE, 'member'),
  'lessee-reader': ofProject(LESSEE, 'reader'),
  'stranger-manager': ofProject(STRANGER, 'manager'),
  'stranger-reader': ofProject(STRANGER, 'reader'),
} as const satisfies { readonly [name: string]: Credentials };

export type Persona = keyof typeof PERSONAS;

export const as = (persona: Persona): { readonly headers: { readonly 'x-persona': Persona } } => ({
  headers: { 'x-persona': persona },
});

/** The system's administrator when nothing is said. */
export const authenticatePersona: Authenticate = (headers) => {
  const persona = headers['x-persona'] as Persona | undefined;
  return {
    outcome: 'accepted',
    user: persona ?? null,
    credentials: persona === undefined ? systemAdministrator(null) : PERSONAS[persona],
  };
};
