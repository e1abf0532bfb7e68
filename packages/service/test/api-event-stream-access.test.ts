// Who listens to the events of a node hears them for as long as the node is theirs to see.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';

import { updateNode } from '#store/nodes';

import { asNodeUuid, type NodeUuid } from '@bessemer/protocol/uuid';

import { as, authenticatePersona, OWNER, type Persona, STRANGER } from './api/personas.ts';
import { type Api, openApi } from './api/with-api.ts';

let api: Api;
before(async () => {
  api = await openApi({ authenticate: authenticatePersona });
  await api.app.listen({ host: '127.0.0.1', port: 0 });
});
after(() => api?.close());

const makeNode = async (): Promise<NodeUuid> =>
  asNodeUuid((await api.createNode({ owner: OWNER })).uuid) as NodeUuid;

/** The fake conductor keeps one journal for all nodes. */
const listen = async (
  node: NodeUuid,
  persona: Persona,
  afterSeq: number,
): Promise<IncomingMessage> => {
  const { port } = api.app.server.address() as AddressInfo;
  const request = get({
    host: '127.0.0.1',
    port,
    path: `/bessemer/nodes/${node}/events?after=${afterSeq}`,
    ...as(persona),
  });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response.setEncoding('utf8');
};

const note = (node: NodeUuid, seq: number): void =>
  api.conductor.addJournal(node, {
    seq,
    at: '2026-11-21T00:00:00.000000+00:00',
    workflow: 'w',
    kind: 'deploy',
    stepIndex: 0,
    step: `step-${seq}`,
    interface: 'deploy',
    event: 'started',
    detail: {},
  });

const restOf = async (response: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return text;
};

test('an owner who has lost the node hears nothing more, and the stream ends', async () => {
  const node = await makeNode();
  const heard = await listen(node, 'owner-reader', 0);
  note(node, 1);
  const [first] = (await once(heard, 'data')) as [string];

  await updateNode(api.parts.store.db, node, { owner: STRANGER });
  note(node, 2);
  const rest = await restOf(heard);

  assert.match(first, /step-1/);
  assert.doesNotMatch(rest, /step-2/);
});

test('those who may still see it hear on', async () => {
  const node = await makeNode();
  const heard = await listen(node, 'system-reader', 2);
  note(node, 3);
  await once(heard, 'data');

  await updateNode(api.parts.store.db, node, { owner: STRANGER });
  note(node, 4);
  const [second] = (await once(heard, 'data')) as [string];

  assert.match(second, /step-4/);
  heard.destroy();
});

test('who may not see the node, or not its journal, hears nothing', async () => {
  const node = await makeNode();

  const strange = await listen(node, 'stranger-reader', 0);

  assert.equal(strange.statusCode, 404);
  strange.destroy();
});
