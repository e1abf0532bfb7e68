import type { Drill } from '../drill.ts';
import { makeFindings } from '../findings.ts';
import { restingState } from '../stage/nodes.ts';
import { result, startPlayedAgent } from '../stage/played-agent.ts';
import { bootFor } from '../stage/played-machine.ts';
import { shown } from '../stage/shown.ts';

const erase = (priority: number) => ({
  step: 'erase_devices',
  interface: 'deploy',
  priority,
  reboot_requested: false,
  abortable: true,
});

const STEPS = {
  clean_steps: { GenericHardwareManager: [erase(10)], FriendlyPlugIn: [erase(90)] },
  hardware_manager_version: { generic_hardware_manager: '1.0', friendly_plug_in: '1.0' },
};

export const duplicateStepName: Drill = {
  name: 'duplicate-step-name',
  threats: ['T-25'],
  attempt:
    'an agent whose plug-in brings a second step of the name erase_devices, so that it may run in place of erasing',
  expected: 'the list of steps is refused, no step is run, and the node does not become available',
  run: async (stage) => {
    const findings = makeFindings();
    const { product } = stage;
    const machine = await bootFor(product, await stage.node(), 'provide');
    const agent = await startPlayedAgent({
      address: machine.machine.address,
      certificate: machine.certificate,
      key: machine.key,
      reply: ({ command }) => result(command, STEPS),
    });
    try {
      await machine.beat({ sequence: 1 });
      const isAsked = await agent.until(() =>
        agent.requests.some(({ command }) => command === 'clean.get_clean_steps'),
      );
      findings.check(isAsked, 'the conductor did not ask for steps, so nothing was shown');
      const node = await restingState(product, machine.uuid, ['clean wait', 'cleaning']);
      const state = shown(node['provision_state']);
      findings.saw(`${state}: ${shown(node['last_error'])}`);
      findings.check(state === 'clean failed', `the node is ${state}`);
      const run = agent.requests.filter(({ command }) => command === 'clean.execute_clean_step');
      findings.check(run.length === 0, `${run.length} steps were run`);
    } finally {
      await agent.close();
    }
    return findings.finding();
  },
};
