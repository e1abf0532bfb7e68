import { HOSTILE_ARGUMENTS } from '../corpus/kernel-arguments.ts';
import type { Drill } from '../drill.ts';
import { makeFindings } from '../findings.ts';
import { scriptByMac } from '../stage/boot-files.ts';
import { factsOf, patchNode } from '../stage/nodes.ts';
import { bootForInspection } from '../stage/played-machine.ts';
import { call } from '../stage/wire.ts';

const FIELDS = ['driver_info', 'instance_info'] as const;
const HARMLESS = 'console=ttyS0,115200n8 mitigations=auto';

export const kernelArgumentInjection: Drill = {
  name: 'kernel-argument-injection',
  threats: ['T-34'],
  attempt: `${HOSTILE_ARGUMENTS.length} kernel arguments that a loader takes for more than words, or that are ours, in driver_info and instance_info`,
  expected:
    '400 for each, the node unchanged, the text not repeated; the boot script then holds the harmless ones and no line more',
  run: async (stage) => {
    const findings = makeFindings();
    const { product } = stage;
    const node = await stage.node({ boot_interface: 'ipxe' });
    await patchNode(product, node.uuid, { '/driver_info/kernel_append_params': HARMLESS });
    const before = await factsOf(product, node.uuid);
    for (const value of HOSTILE_ARGUMENTS) {
      for (const field of FIELDS) {
        const path = `/${field}/kernel_append_params`;
        const patch = [{ op: 'add', path, value }];
        const answer = await product.api('PATCH', `/v1/nodes/${node.uuid}`, patch);
        findings.saw(String(answer.status));
        const what = `${JSON.stringify(value.slice(0, 60))} in ${field}`;
        findings.check(answer.status === 400, `${what} was answered ${answer.status}`);
        const isRepeated =
          value.length > 8 && answer.text.includes(JSON.stringify(value).slice(1, -1));
        findings.check(!isRepeated, `${what} is repeated in the answer`);
      }
    }
    findings.check((await factsOf(product, node.uuid)) === before, 'the node has changed');
    const booted = await bootForInspection(product, node);
    const { address, mac } = booted.machine;
    const script = await call(scriptByMac(product.netbootUrl, mac), { from: address });
    const lines = script.text.trim().split('\n');
    findings.saw(`boot script of ${lines.length} lines`);
    const words = lines.map((line) => line.split(' ')[0]).join(' ');
    findings.check(words === '#!ipxe kernel initrd initrd boot', `the script has: ${words}`);
    findings.check(script.text.includes(` ${HARMLESS}`), 'the harmless arguments are missing');
    return findings.finding();
  },
};
