// Who asks, in the words of the policy language: `role:`, `project_id:`, `system_scope:` and the rest look here.

export type Credentials = {
  readonly user_id: string | null;
  readonly user_domain_id: string | null;
  readonly project_id: string | null;
  readonly project_name: string | null;
  readonly project_domain_id: string | null;
  readonly domain_id: string | null;
  readonly system_scope: 'all' | null;
  /** Lower case, with the roles that each implies. */
  readonly roles: readonly string[];
  readonly is_admin_project: boolean;
  readonly is_public_api: boolean;
  /** The service that passed the request on, where it says so with a token of its own. */
  readonly service_user_id: string | null;
  readonly service_project_id: string | null;
  readonly service_roles: readonly string[];
};

const NOBODY = {
  user_id: null,
  user_domain_id: null,
  project_id: null,
  project_name: null,
  project_domain_id: null,
  domain_id: null,
  system_scope: null,
  roles: [],
  is_admin_project: true,
  is_public_api: false,
  service_user_id: null,
  service_project_id: null,
  service_roles: [],
} as const satisfies Credentials;

/** The caller of a route that asks for no login. */
export const PUBLIC_CREDENTIALS: Credentials = { ...NOBODY, is_public_api: true };

/** `roles` are completed with what they imply: admin, manager, member, reader. */
export const makeCredentials = (
  facts: Partial<Credentials> & Pick<Credentials, 'roles'>,
): Credentials => ({ ...NOBODY, ...facts, roles: withImplied(facts.roles) });

/** `roles` are taken as they are: Keystone has added what they imply, by its own rules. */
export const credentialsOfToken = (
  facts: Partial<Credentials> & Pick<Credentials, 'roles'>,
): Credentials => ({ ...NOBODY, ...facts, roles: facts.roles.map((role) => role.toLowerCase()) });

const IMPLIES: { readonly [role: string]: string } = {
  admin: 'manager',
  manager: 'member',
  member: 'reader',
};

const withImplied = (roles: readonly string[]): readonly string[] => {
  const all = new Set<string>();
  for (const role of roles) {
    for (
      let each: string | undefined = role.toLowerCase();
      each !== undefined;
      each = IMPLIES[each]
    ) {
      all.add(each);
    }
  }
  return [...all];
};

/** All roles on the whole system: mode `none`, and accounts that nothing else is said about. */
export const systemAdministrator = (userId: string | null): Credentials =>
  makeCredentials({ user_id: userId, roles: ['admin'], system_scope: 'all' });
