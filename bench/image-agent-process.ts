// The agent with its simulated disk, in a process of its own: writes one image as a conductor asks it to, and prints
// how long that took and how much memory the process had at most.
//   node image-agent-process.ts URL SHA256 DISK_MIB

import { readFileSync } from 'node:fs';

import { startTestAgent } from '../packages/agent/test/simulated-agent.ts';

const [, , url = '', sha256 = '', diskMiB = '0'] = process.argv;
const agent = await startTestAgent({ diskMiB: Number(diskMiB) });
const startedMs = performance.now();
const result = await agent.run('deploy.execute_deploy_step', {
  node: {},
  ports: [],
  step: {
    step: 'write_image',
    interface: 'deploy',
    args: {
      image_info: {
        id: 'bench',
        urls: [url],
        os_hash_algo: 'sha256',
        os_hash_value: sha256,
        disk_format: 'raw',
        stream_raw_images: true,
      },
      configdrive: null,
    },
  },
});
const seconds = (performance.now() - startedMs) / 1_000;
const status = readFileSync('/proc/self/status', 'utf8');
const peakMiB = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1_024;
await agent.close();
if (result.command_status !== 'SUCCEEDED') {
  throw new Error(`the image was not written: ${JSON.stringify(result.command_error)}`);
}
process.stdout.write(`${JSON.stringify({ seconds, peakMiB })}\n`);
process.exit(0);
