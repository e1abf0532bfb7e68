import { mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { isJsonObject } from '@bessemer/protocol/json';

import type { Drill } from '../drill.ts';
import { makeFindings } from '../findings.ts';
import { foreignAuthority } from '../stage/foreign-key.ts';
import { LONE_NODE, LONE_TOKEN, loneFiles } from '../stage/lone-files.ts';
import { type LoneAgent, startLoneAgent } from '../stage/lone-agent.ts';
import { call, parsed } from '../stage/wire.ts';

const PAYLOADS = (mark: string): readonly string[] => [
  `; touch ${mark}`,
  `$(touch ${mark})`,
  `\`touch ${mark}\``,
  `x\ntouch ${mark}\n`,
  `| touch ${mark}`,
  `&& touch ${mark} #`,
  `' ; touch ${mark} ; '`,
  `" ; touch ${mark} ; "`,
  `--help; touch ${mark}`,
];

const command = (
  payload: string,
): readonly (readonly [string, { readonly [key: string]: unknown }])[] => {
  const node = { uuid: LONE_NODE, properties: { root_device: { name: payload } } };
  const step = (name: string, args: object) => ({
    node,
    ports: [],
    step: { step: name, interface: 'deploy', args },
  });
  const image = { id: payload, urls: [payload], os_hash_algo: 'sha256', os_hash_value: payload };
  return [
    ['clean.execute_clean_step', step('erase_devices_metadata', { disk: payload })],
    ['clean.execute_clean_step', step(payload, {})],
    ['deploy.execute_deploy_step', step('write_image', { image_info: image })],
    ['deploy.execute_deploy_step', step('write_image', { configdrive: payload, image_info: {} })],
    ['standby.cache_image', { image_info: image, force: true }],
    ['standby.sync', { ntp_server: payload }],
    ['image.install_bootloader', { root_uuid: payload, efi_system_part_uuid: payload }],
    [payload, {}],
  ];
};

export const shellInjection: Drill = {
  name: 'shell-injection',
  threats: ['T-24'],
  attempt:
    'commands whose step names, arguments, image facts and device hints hold shell syntax, sent with the right token',
  expected:
    '4xx, or a failed command; no shell runs: the file that each payload would make is never there',
  run: async (stage) => {
    const findings = makeFindings();
    const address = stage.stranger();
    const authority = await foreignAuthority();
    const directory = await mkdtemp(join(stage.directory, 'lone-'));
    const marks = await mkdtemp(join(stage.directory, 'marks-'));
    const agent = await startLoneAgent({
      directory,
      address,
      files: loneFiles({
        apiUrl: null,
        token: LONE_TOKEN,
        ca: authority.certificate,
        identity: await authority.issue('agent', address),
      }),
    });
    const seen = new Map<string, number>();
    try {
      findings.check(await agent.says(/listens/), 'the agent does not listen');
      for (const [index, payload] of PAYLOADS(join(marks, 'mark')).entries()) {
        for (const [name, params] of command(payload)) {
          const outcome = await send(agent, name, params);
          seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
          findings.check(
            /^(4\d\d|FAILED|SUCCEEDED)$/.test(outcome),
            `payload ${index} in ${name.slice(0, 30)}: ${outcome}`,
          );
        }
      }
      for (const [outcome, count] of seen) findings.saw(`${outcome} for ${count}`);
      findings.check((await readdir(marks)).length === 0, 'a payload ran');
      const { status } = await call(`${agent.url}/v1/status`);
      findings.check(status === 200, `the agent is gone: ${status}`);
    } finally {
      await agent.kill();
    }
    return findings.finding();
  },
};

const send = async (agent: LoneAgent, name: string, params: object): Promise<string> => {
  const address = `${agent.url}/v1/commands/?wait=true&agent_token=${LONE_TOKEN}`;
  const { status, text } = await call(address, {
    method: 'POST',
    body: JSON.stringify({ name, params }),
  });
  const result = parsed(text);
  const outcome = isJsonObject(result) ? result['command_status'] : undefined;
  return status === 200 && typeof outcome === 'string' ? outcome : String(status);
};
