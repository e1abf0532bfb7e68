import { Agent, request } from 'node:https';

import type { Drill } from '../drill.ts';
import { makeFindings } from '../findings.ts';
import { lookupPath, tokenIn, unknownMac } from '../stage/agent-words.ts';
import { sessionOf } from '../stage/nodes.ts';
import { shown } from '../stage/shown.ts';

const LOOKUPS = 50;
/** As many as one address may hold. */
const CONNECTIONS = 8;

type Answer = { readonly status: number; readonly text: string };

const get = (url: string, agent: Agent): Promise<Answer> =>
  new Promise((resolve) => {
    const headers = { 'x-openstack-ironic-api-version': '1.68' };
    const sent = request(url, { agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on('error', () => resolve({ status: 0, text: '' }));
    sent.end();
  });

export const parallelLookups: Drill = {
  name: 'parallel-lookups',
  threats: ['T-02'],
  attempt: `${LOOKUPS} lookups of one boot at once, over ${CONNECTIONS} connections`,
  expected: 'one token, and the mask for all others; one session',
  run: async (stage) => {
    const findings = makeFindings();
    const { product } = stage;
    const machine = await stage.networked();
    const before = await sessionOf(product, machine.uuid);
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, ca: product.ca });
    const answers = await Promise.all(
      Array.from({ length: LOOKUPS }, (_none, index) => {
        const macs = [machine.machine.mac, unknownMac(index)];
        return get(`${product.agentUrl}${lookupPath({ macs })}`, agent);
      }),
    );
    agent.destroy();
    const tokens = answers.map(tokenIn).filter((token) => token !== null);
    const masks = answers.filter(({ text }) => text.includes('"agent_token":"******"'));
    findings.saw(`${tokens.length} token, ${masks.length} masks`);
    findings.check(tokens.length === 1, `${tokens.length} tokens were given`);
    findings.check(
      tokens.length + masks.length === LOOKUPS,
      `${LOOKUPS - tokens.length - masks.length} were answered something else`,
    );
    const session = await sessionOf(product, machine.uuid);
    findings.saw(`session ${shown(session['state'])}`);
    findings.check(session['boot_no'] === before['boot_no'], 'there is another session');
    findings.check(session['state'] === 'GIVEN', `the session is ${shown(session['state'])}`);
    return findings.finding();
  },
};
