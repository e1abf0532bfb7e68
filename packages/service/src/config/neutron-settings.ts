// Section [neutron]: the network service of OpenStack, asked for the addresses of machines and for nothing else.

import type { Setting } from './setting.ts';

export const NEUTRON_SETTINGS = {
  auth_url: {
    kind: 'text',
    default: null,
    meaning: 'URL of Keystone. Neutron is not asked when not set.',
  },
  username: { kind: 'text', default: 'ironic', meaning: 'User of Keystone.' },
  password_file: {
    kind: 'text',
    default: null,
    meaning: 'File with the password and nothing else, which only the service can read.',
  },
  project_name: { kind: 'text', default: 'service', meaning: 'Project of the user.' },
  user_domain_name: { kind: 'text', default: 'Default', meaning: 'Domain of the user.' },
  project_domain_name: { kind: 'text', default: 'Default', meaning: 'Domain of the project.' },
  region_name: {
    kind: 'text',
    default: null,
    meaning: 'Region whose endpoint is used; the first of the catalog when not set.',
  },
  endpoint_override: {
    kind: 'text',
    default: null,
    meaning: 'URL of Neutron; the public one of the catalog when not set.',
  },
  cafile: {
    kind: 'text',
    default: null,
    meaning: 'PEM authority of both services; those of the system when not set.',
  },
  networks: {
    kind: 'list',
    default: [],
    meaning:
      'UUIDs of the provisioning, cleaning and inspection networks. Ports elsewhere then name no addresses; list them ' +
      'wherever tenants may make ports.',
  },
} as const satisfies { readonly [key: string]: Setting };
