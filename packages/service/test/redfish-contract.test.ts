import { withBmc } from './drivers/with-bmc.ts';
import type { FakeBmc } from './drivers/fake-bmc-state.ts';
import { redfishContract } from './drivers/redfish-contract.ts';

const VARIANTS: { readonly [name: string]: (bmc: FakeBmc) => void } = {
  'a fake BMC': () => undefined,
  'a fake BMC with tasks': ({ habits }) => {
    habits.hasTasks = true;
  },
  'a fake BMC without sessions': ({ habits }) => {
    habits.hasSessions = false;
  },
  'a fake BMC that takes media by PATCH': ({ habits }) => {
    habits.mediaDialect = 'patch';
    habits.mediaHome = 'system';
  },
};

for (const [name, prepare] of Object.entries(VARIANTS)) {
  redfishContract(name, async (context) => {
    const { bmc, driver, node, nodeWith } = await withBmc(context);
    prepare(bmc);
    return {
      driver,
      node,
      nodeWithWrongPassword: nodeWith({ redfish_password: 'wrong' }),
      urls: ['http://10.0.0.1/a/boot.iso', 'http://10.0.0.1/b/boot.iso?x=1'],
    };
  });
}
