// What the API tests of ironic-tempest-plugin are about, file by file, as tests of ours: with its statuses, against the
// real service with fake machines and, as the plugin wants it, a real Keystone.

import { after, before, describe, test } from 'node:test';

import { makeApiClient } from './clients/api-client.ts';
import { type ServiceInMode, startInMode } from './clients/modes.ts';
import { ACCESS_GISTS } from './clients/tempest/access-gists.ts';
import { CATALOG_GISTS } from './clients/tempest/catalog-gists.ts';
import { NODE_GISTS } from './clients/tempest/node-gists.ts';
import { PORT_GISTS, VOLUME_GISTS } from './clients/tempest/resource-gists.ts';
import { type Gists, makeTempest, type Tempest } from './clients/tempest/tempest-world.ts';
import { VERSION_GISTS } from './clients/tempest/version-gists.ts';

const GISTS: Gists = {
  ...NODE_GISTS,
  ...PORT_GISTS,
  ...VOLUME_GISTS,
  ...CATALOG_GISTS,
  ...VERSION_GISTS,
  ...ACCESS_GISTS,
};

describe('as ironic-tempest-plugin has it', { concurrency: true }, () => {
  let inMode: ServiceInMode;
  let world: Tempest;
  before(async () => {
    inMode = await startInMode('keystone');
    const { service, headers, keystone } = inMode;
    world = makeTempest(service.url, headers, {
      ...makeApiClient(service.url, headers),
      as: async (person) => {
        if (keystone === undefined) throw new Error('there are people in Keystone only');
        return { 'x-auth-token': (await keystone.login(person)).token };
      },
    });
  });
  after(() => inMode?.stop());

  for (const [gist, check] of Object.entries(GISTS)) test(gist, () => check(world));
});
