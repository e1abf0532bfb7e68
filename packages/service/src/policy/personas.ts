// The kinds of callers that the defaults tell apart, for tables of who may do what.

import { type Credentials, makeCredentials } from './credentials.ts';
import type { PolicyTarget } from './policy.ts';

export type Persona = {
  /** One letter, for the column of a table. */
  readonly letter: string;
  readonly name: string;
  readonly credentials: Credentials;
};

export type PersonaGroup = { readonly name: string; readonly personas: readonly Persona[] };

const OWNER = 'owner-project';
const LESSEE = 'lessee-project';
const OTHER = 'other-project';
const LEGACY = 'baremetal';

/** The object that the personas ask about. */
export const PERSONA_TARGET: PolicyTarget = {
  'node.owner': OWNER,
  'node.lessee': LESSEE,
  'allocation.owner': OWNER,
  'runbook.owner': OWNER,
};

const ROLES = [
  ['a', 'admin'],
  ['g', 'manager'],
  ['m', 'member'],
  ['r', 'reader'],
  ['s', 'service'],
] as const;

const groupOf = (
  name: string,
  facts: Partial<Credentials>,
  roles: readonly (readonly [string, string])[] = ROLES,
): PersonaGroup => ({
  name,
  personas: roles.map(([letter, role]) => ({
    letter,
    name: `${name} ${role}`,
    credentials: makeCredentials({ ...facts, roles: [role] }),
  })),
});

const projectOf = (id: string, name = id): Partial<Credentials> => ({
  project_id: id,
  project_name: name,
  project_domain_id: 'default',
});

/** `serviceProject`: name of the project of service accounts. */
export const personaGroups = (serviceProject: string): readonly PersonaGroup[] => [
  groupOf(
    'system',
    { system_scope: 'all' },
    ROLES.filter(([, role]) => role !== 'manager'),
  ),
  groupOf('owner', projectOf(OWNER)),
  groupOf('lessee', projectOf(LESSEE)),
  groupOf('other', projectOf(OTHER)),
  groupOf('services', projectOf('services-project', serviceProject), [['s', 'service']]),
  groupOf('legacy', projectOf(LEGACY), [
    ['a', 'baremetal_admin'],
    ['o', 'baremetal_observer'],
  ]),
];
