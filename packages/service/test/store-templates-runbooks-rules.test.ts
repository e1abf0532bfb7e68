// Deploy templates, runbooks and inspection rules, on every engine.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, test } from 'node:test';

import { deployTemplates, findTemplatesByNames } from '#store/deploy-templates';
import { isConflictOn } from '#store/errors';
import { deleteAllInspectionRules, inspectionRules, rulesOfPhase } from '#store/inspection-rules';
import { MarkerUnknown, type PageRequest } from '#store/paging';
import { changeTraits, findRunbook, listRunbooks, runbooks } from '#store/runbooks';

import type { DeployTemplateRecord } from '@bessemer/protocol/deploy-template/record';
import type { InspectionRuleRecord } from '@bessemer/protocol/inspection/rule-record';
import type { RunbookRecord } from '@bessemer/protocol/runbook/record';

import { NOW_MS, onBothEngines, RIVALS } from './store-engines.ts';

const NOW = { nowMs: NOW_MS };
const PAGE: PageRequest = {
  limit: 100,
  marker: undefined,
  sortColumn: 'id',
  isDescending: false,
};

onBothEngines((store) => {
  const addTemplate = (name: string): Promise<DeployTemplateRecord> =>
    deployTemplates.insert(
      store().db,
      {
        uuid: randomUUID(),
        name,
        steps: [{ interface: 'raid', step: 'x', args: { deep: [1, null, 'ü'] }, priority: 3 }],
        extra: { a: { b: [] } },
        description: null,
      },
      NOW,
    );
  const addRunbook = (name: string, more: Partial<RunbookRecord> = {}): Promise<RunbookRecord> =>
    runbooks.insert(
      store().db,
      {
        uuid: randomUUID(),
        name,
        steps: [{ interface: 'raid', step: 'x', args: {}, order: 1 }],
        disableRamdisk: true,
        extra: {},
        public: false,
        owner: null,
        description: 'x',
        traits: [],
        ...more,
      },
      NOW,
    );
  const addRule = (more: Partial<InspectionRuleRecord>): Promise<InspectionRuleRecord> =>
    inspectionRules.insert(
      store().db,
      {
        uuid: randomUUID(),
        description: null,
        priority: 0,
        phase: 'main',
        sensitive: true,
        conditions: [],
        actions: [{ op: 'fail', args: ['x'] }],
        ...more,
      },
      NOW,
    );

  beforeEach(async () => {
    for (const table of ['deploy_template', 'runbook', 'inspection_rule'] as const) {
      await store().db.deleteFrom(table).execute();
    }
  });

  describe('whole records', () => {
    test('are read back as they were written, by UUID in capitals and by name', async () => {
      const template = await addTemplate('CUSTOM_A');
      const runbook = await addRunbook('r', { traits: ['CUSTOM_A'], public: true });
      const rule = await addRule({ priority: 9 });

      const { db } = store();
      assert.deepEqual(await deployTemplates.find(db, template.uuid.toUpperCase()), template);
      assert.deepEqual(await deployTemplates.find(db, 'CUSTOM_A'), template);
      assert.deepEqual(await findRunbook(db, 'r'), runbook);
      assert.deepEqual(await inspectionRules.find(db, rule.uuid), rule);
      assert.equal(await inspectionRules.find(db, 'name'), undefined);
      assert.deepEqual(
        [runbook.public, runbook.disableRamdisk, rule.sensitive],
        [true, true, true],
      );
      assert.equal(typeof rule.id, 'number');
    });

    test('of the same name or UUID are conflicts that name the column', async () => {
      const { uuid } = await addTemplate('CUSTOM_A');
      await addTemplate('CUSTOM_B');
      const b = (await deployTemplates.find(store().db, 'CUSTOM_B')) as DeployTemplateRecord;

      await assert.rejects(addTemplate('CUSTOM_A'), (error) => isConflictOn(error, 'name'));
      await assert.rejects(
        deployTemplates.insert(store().db, { ...b, uuid, name: 'CUSTOM_C' }, NOW),
        (error) => isConflictOn(error, 'uuid'),
      );
      await assert.rejects(deployTemplates.update(store().db, b, { name: 'CUSTOM_A' }), (error) =>
        isConflictOn(error, 'name'),
      );
    });

    test('are changed by one of many rivals, even within one millisecond', async () => {
      const template = await addTemplate('CUSTOM_A');

      const won = await Promise.all(
        Array.from({ length: RIVALS }, (_, index) =>
          deployTemplates.update(store().db, template, {
            extra: { index },
            updatedAt: '2026-11-21T12:00:00.000000+00:00',
          }),
        ),
      );

      assert.equal(won.filter(Boolean).length, 1);
      assert.equal(await deployTemplates.update(store().db, template, { extra: {} }), false);
    });

    test('are listed in any order, page by page, and not past an unknown marker', async () => {
      const all = [];
      for (const name of ['CUSTOM_B', 'CUSTOM_C', 'CUSTOM_A']) all.push(await addTemplate(name));

      const page = { ...PAGE, limit: 2, sortColumn: 'name' };
      const first = await deployTemplates.list(store().db, page);
      const rest = await deployTemplates.list(store().db, {
        ...page,
        marker: first.at(-1)?.uuid,
      });

      assert.deepEqual(
        [...first, ...rest].map(({ name }) => name),
        ['CUSTOM_A', 'CUSTOM_B', 'CUSTOM_C'],
      );
      await assert.rejects(
        deployTemplates.list(store().db, { ...PAGE, marker: randomUUID() }),
        MarkerUnknown,
      );
    });

    test('are deleted once', async () => {
      const { uuid } = await addTemplate('CUSTOM_A');

      assert.equal(await deployTemplates.remove(store().db, uuid), true);
      assert.equal(await deployTemplates.remove(store().db, uuid), false);
    });
  });

  test('templates are found by the names that an instance asks for', async () => {
    for (const name of ['CUSTOM_A', 'CUSTOM_B']) await addTemplate(name);

    const found = await findTemplatesByNames(store().db, ['CUSTOM_B', 'CUSTOM_X']);

    assert.deepEqual(
      found.map(({ name }) => name),
      ['CUSTOM_B'],
    );
    assert.deepEqual(await findTemplatesByNames(store().db, []), []);
  });

  test('a project is shown its own runbooks and the public ones', async () => {
    await addRunbook('own', { owner: 'p1' });
    await addRunbook('other', { owner: 'p2' });
    await addRunbook('open', { public: true });
    await addRunbook('nobodys');
    const names = async (project: string | undefined): Promise<readonly string[]> =>
      (await listRunbooks(store().db, project, PAGE)).map(({ name }) => name);

    assert.deepEqual(await names('p1'), ['own', 'open']);
    assert.deepEqual(await names(undefined), ['own', 'other', 'open', 'nobodys']);
  });

  test('traits that rivals add to a runbook are all there, sorted', async () => {
    const { uuid } = await addRunbook('r');
    const wanted = Array.from({ length: RIVALS }, (_, index) => `CUSTOM_${index}`);

    await Promise.all(
      wanted.map((trait) =>
        changeTraits(store().db, uuid, (traits) => [...traits, trait, trait], 'now'),
      ),
    );

    assert.deepEqual((await findRunbook(store().db, uuid))?.traits, wanted);
    assert.equal(await changeTraits(store().db, randomUUID(), () => [], 'now'), undefined);
  });

  test('rules come by priority, equal ones as they were made, and all go at once', async () => {
    const made: string[] = [];
    for (const priority of [1, 5, 1, 0]) made.push((await addRule({ priority })).uuid);

    const order = (await rulesOfPhase(store().db, 'main')).map(({ uuid }) => made.indexOf(uuid));
    assert.deepEqual(order, [1, 0, 2, 3]);
    await deleteAllInspectionRules(store().db);
    assert.deepEqual(await rulesOfPhase(store().db, 'main'), []);
  });
});
