import { MINOR_MAX } from '@bessemer/protocol/microversion/range';

import type { Drill } from '../drill.ts';
import { type Findings, makeFindings } from '../findings.ts';
import { lookupPath, tokenIn, unknownMac } from '../stage/agent-words.ts';
import { auditEnd, expectEvent } from '../stage/audit-trail.ts';
import type { PlayedMachine } from '../stage/played-machine.ts';
import type { Stage } from '../stage/stage.ts';

const FIRST_MINOR = 22;
/** Not limited by source, as all machines of a lab may be behind it; so that every version can be tried at once. */
const OWN_HOST = '127.0.0.1';

export const lookupOldMicroversion: Drill = {
  name: 'lookup-old-microversion',
  threats: ['T-04', 'T-13'],
  attempt: `lookups at every microversion from 1.${FIRST_MINOR} to 1.${MINOR_MAX}, after a token was given by lookup and where one is in the medium`,
  expected:
    'the mask at each, whether that version knows of tokens or not; agent.lookup.repeat, agent.lookup.masked',
  run: async (stage) => {
    const findings = makeFindings();
    const [networked, sealed] = await Promise.all([stage.networked(), stage.played()]);
    const { product } = stage;
    const first = await product.ramdisk(lookupPath({ macs: [networked.machine.mac] }), {
      from: OWN_HOST,
    });
    const token = tokenIn(first);
    findings.check(token !== null, `the first lookup was answered ${first.status} without a token`);
    const mark = await auditEnd(product);
    await atEachVersion(stage, findings, networked, token ?? '-');
    await atEachVersion(stage, findings, sealed, sealed.token);
    await expectEvent(product, findings, mark, {
      event: 'agent.lookup.repeat',
      node: networked.uuid,
    });
    await expectEvent(product, findings, mark, { event: 'agent.lookup.masked', node: sealed.uuid });
    return findings.finding();
  },
};

const atEachVersion = async (
  { product }: Stage,
  findings: Findings,
  { machine }: PlayedMachine,
  token: string,
): Promise<void> => {
  let masked = 0;
  for (let minor = FIRST_MINOR; minor <= MINOR_MAX; minor += 1) {
    const macs = [machine.mac, unknownMac(minor)];
    const answer = await product.ramdisk(lookupPath({ macs }), {
      from: OWN_HOST,
      headers: { 'x-openstack-ironic-api-version': `1.${minor}` },
    });
    findings.check(answer.status === 200, `1.${minor} was answered ${answer.status}`);
    const isShown = tokenIn(answer) !== null || answer.text.includes(token);
    findings.check(!isShown, `1.${minor} shows the token`);
    if (answer.text.includes('"agent_token":"******"')) masked += 1;
  }
  findings.saw(`mask at ${masked} of ${MINOR_MAX - FIRST_MINOR + 1} versions`);
};
