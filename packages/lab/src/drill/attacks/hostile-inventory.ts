import { HOSTILE_INVENTORIES, inventoryWith } from '../corpus/inventories.ts';
import type { Drill } from '../drill.ts';
import { type Findings, makeFindings } from '../findings.ts';
import { auditEnd, expectEvent } from '../stage/audit-trail.ts';
import { factsOf, restingState, showNode } from '../stage/nodes.ts';
import { startPlayedAgent } from '../stage/played-agent.ts';
import { bootForInspection, type PlayedMachine } from '../stage/played-machine.ts';
import { shown } from '../stage/shown.ts';
import type { Stage } from '../stage/stage.ts';
import { statusOf } from '../stage/wire.ts';

/** The posted ones cost a request each; answered by an agent they cost a boot each. */
const NO_TEXT = 'bytes that are no UTF-8';
const ANSWERED = ['nested too deep', '100,000 cards', 'a key __proto__', NO_TEXT];

export const hostileInventory: Drill = {
  name: 'hostile-inventory',
  threats: ['T-17', 'T-18'],
  attempt: `${HOSTILE_INVENTORIES.length} inventories that no machine has, posted by a stranger and answered by an agent; and one with a card of another node`,
  expected:
    '400, 404 or 413, or a failed inspection; nothing is stored; inspect.rejected, inspect.identity_conflict',
  run: async (stage) => {
    const findings = makeFindings();
    await posted(stage, findings);
    await answered(stage, findings);
    await foreignCard(stage, findings);
    const { status } = await stage.product.api('GET', '/v1/nodes');
    findings.check(status === 200, `afterwards the public API answers ${status}`);
    return findings.finding();
  },
};

const posted = async ({ product, played, stranger }: Stage, findings: Findings): Promise<void> => {
  const machine = await played();
  const before = await factsOf(product, machine.uuid);
  const mark = await auditEnd(product);
  const statuses = new Map<string, number>();
  for (const { what, make } of HOSTILE_INVENTORIES) {
    const inventory = Buffer.from(make(machine.machine.mac));
    const body = Buffer.concat([Buffer.from('{"inventory":'), inventory, Buffer.from('}')]);
    const status = await statusOf(`${product.agentUrl}/v1/continue_inspection`, {
      method: 'POST',
      ca: product.ca,
      from: stranger(),
      body,
      headers: { 'x-openstack-ironic-api-version': '1.84', 'content-type': 'application/json' },
    });
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    findings.check(
      ['400', '404', '413', 'ECONNRESET', 'EPIPE'].includes(status),
      `posted, ${what}: ${status}`,
    );
  }
  for (const [status, count] of statuses) findings.saw(`posted: ${status} for ${count}`);
  findings.check((await factsOf(product, machine.uuid)) === before, 'the node has changed');
  await expectEvent(product, findings, mark, { event: 'inspect.rejected' });
};

const answeredBy = (machine: PlayedMachine, inventory: string | Buffer) => {
  const result = Buffer.from(inventory);
  const body = Buffer.concat([
    Buffer.from('{"id":"1","command_name":"get_hardware_info","command_error":null,'),
    Buffer.from('"command_status":"SUCCEEDED","command_result":'),
    result,
    Buffer.from('}'),
  ]);
  return startPlayedAgent({
    address: machine.machine.address,
    certificate: machine.certificate,
    key: machine.key,
    reply: () => ({ status: 200, body }),
  });
};

/** What the inspection of this machine came to. */
const inspected = async (
  { product }: Stage,
  machine: PlayedMachine,
  inventory: string | Buffer,
): Promise<string> => {
  const agent = await answeredBy(machine, inventory);
  try {
    await machine.beat({ sequence: 1 });
    const node = await restingState(product, machine.uuid, ['inspect wait', 'inspecting']);
    return shown(node['provision_state']);
  } finally {
    await agent.close();
  }
};

const answered = async (stage: Stage, findings: Findings): Promise<void> => {
  const { product } = stage;
  const attempts = HOSTILE_INVENTORIES.filter(({ what }) => ANSWERED.includes(what));
  await Promise.all(
    attempts.map(async ({ what, make }) => {
      const machine = await stage.played();
      const mark = await auditEnd(product);
      const { properties } = await showNode(product, machine.uuid);
      const state = await inspected(stage, machine, make(machine.machine.mac));
      findings.saw(`answered: ${state}`);
      findings.check(state === 'inspect failed', `answered, ${what}: the node is ${state}`);
      const after = await showNode(product, machine.uuid);
      const isSame = JSON.stringify(after['properties']) === JSON.stringify(properties);
      findings.check(isSame, `answered, ${what}: the properties have changed`);
      const stored = await product.api('GET', `/v1/nodes/${machine.uuid}/inventory`);
      findings.check(stored.status === 404, `answered, ${what}: an inventory was stored`);
      // What cannot even be read is a broken answer, not an inventory.
      if (what === NO_TEXT) return;
      await expectEvent(product, findings, mark, { event: 'inspect.rejected', node: machine.uuid });
    }),
  );
};

const foreignCard = async (stage: Stage, findings: Findings): Promise<void> => {
  const { product } = stage;
  const victim = await stage.node();
  const machine = await bootForInspection(product, await stage.node());
  const mark = await auditEnd(product);
  const macs = [machine.machine.mac, victim.machine.mac];
  const state = await inspected(stage, machine, inventoryWith(macs));
  findings.saw(`with a card of another node: ${state}`);
  findings.check(state === 'inspect failed', `with a card of another node it is ${state}`);
  const ports = await product.api(
    'GET',
    `/v1/ports?address=${victim.machine.mac}&fields=node_uuid`,
  );
  findings.check(ports.text.includes(victim.uuid), 'the card changed its node');
  await expectEvent(product, findings, mark, {
    event: 'inspect.identity_conflict',
    node: machine.uuid,
  });
};
