// Who is in the Keystone of the tests: the personas of the access rules, as users that are called like them. The
// password of each is `pw-NAME`.

export type Scope = { readonly system: 'all' } | { readonly project: string };

export type Person = { readonly name: string; readonly role: string; readonly scope: Scope };

export const PROJECTS = ['owner', 'lessee', 'other', 'service', 'baremetal'] as const;

/** Beyond those that the bootstrap makes. Admin, manager, member and reader imply each other. */
export const ROLES = ['manager', 'service', 'baremetal_admin', 'baremetal_observer'] as const;

const SYSTEM = { system: 'all' } as const;
const SCOPED_ROLES = ['admin', 'manager', 'member', 'reader', 'service'] as const;

export const PEOPLE: readonly Person[] = [
  ...(['admin', 'member', 'reader', 'service'] as const).map((role) => ({
    name: `system_${role}`,
    role,
    scope: SYSTEM,
  })),
  ...['owner', 'lessee', 'other'].flatMap((project) =>
    SCOPED_ROLES.map((role) => ({ name: `${project}_${role}`, role, scope: { project } })),
  ),
  { name: 'service_project_service', role: 'service', scope: { project: 'service' } },
  { name: 'legacy_baremetal_admin', role: 'baremetal_admin', scope: { project: 'baremetal' } },
  {
    name: 'legacy_baremetal_observer',
    role: 'baremetal_observer',
    scope: { project: 'baremetal' },
  },
  // What the service itself logs in as.
  { name: 'ironic', role: 'service', scope: { project: 'service' } },
];

export const passwordOf = (name: string): string => `pw-${name}`;

export const requirePerson = (name: string): Person => {
  const found = PEOPLE.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no person ${name}`);
  return found;
};
