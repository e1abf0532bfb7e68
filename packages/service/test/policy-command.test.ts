// `bessemer policy`, as an operator calls it.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { openDataDirectory, type DataDirectory } from '#config/data-directory';
import { openStore } from '#store/database';
import { openKeyRing } from '#trust/key-ring';

import { UsageInvalid } from '../src/manage/command.ts';
import { policy } from '../src/manage/policy/policy.ts';
import { makeNode } from './store-engines.ts';

let root: string;
let data: DataDirectory;
let node: string;

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'bessemer-policy-'));
  data = await openDataDirectory(join(root, 'data'));
  await openKeyRing(data.keys);
  const store = await openStore({ engine: 'sqlite', path: data.store });
  ({ uuid: node } = await makeNode(store, { owner: 'p1', lessee: 'p2' }));
  await store.close();
  await writeFile(
    join(data.path, 'users.yaml'),
    [
      'users:',
      '  owen: {roles: [member], project: p1}',
      '  lea: {roles: [member], project: p2}',
      '  otto: {roles: [admin], project: p3}',
      '',
    ].join('\n'),
  );
});
after(() => rm(root, { recursive: true, force: true }));

type Outcome = { readonly code: number; readonly lines: readonly string[] };

const run = async (...args: readonly string[]): Promise<Outcome> => {
  const lines: string[] = [];
  const code = await policy(args, (line) => lines.push(...line.split('\n')));
  return { code, lines };
};

const fileOf = async (name: string, text: string): Promise<string> => {
  const path = join(root, name);
  await writeFile(path, text);
  return path;
};

const explain = (user: string, rule: string): Promise<Outcome> =>
  run('explain', '--data', data.path, '--user', user, '--rule', rule, '--node', node);

test('check tells everything that is wrong with a file, and where', async () => {
  const path = await fileOf(
    'wrong.yaml',
    '"baremetal:node:gett": "!"\n"show_password": "role:admin and"\n"baremetal:node:delete": ""\n',
  );

  const { code, lines } = await run('check', path);

  assert.equal(code, 1);
  assert.deepEqual(
    lines.map((line) => line.replace(root, '')),
    [
      'error: /wrong.yaml:2: "show_password": expected a check after "and", found nothing',
      'error: /wrong.yaml:1: "baremetal:node:gett": there is no such rule, and no rule refers to it; did you mean "baremetal:node:get"?',
      'warning: /wrong.yaml:3: "baremetal:node:delete": an empty rule is always true: everybody who may log in may do it',
      `${path} cannot be used: 2 rules, 2 errors, 1 warnings`.replace(root, ''),
    ],
  );
});

test('check is content with a file that a service takes, and still warns', async () => {
  const path = await fileOf('right.yaml', '"show_password": "tenant:x"\n');

  const { code, lines } = await run('check', path);

  assert.equal(code, 0);
  assert.match(lines.join('\n'), /"tenant" is an older name; write "project_name"/);
});

test('check as JSON holds the same', async () => {
  const path = await fileOf('json.yaml', '"show_password": "role:admin or"\n');

  const { code, lines } = await run('check', path, '--json');

  assert.equal(code, 1);
  assert.equal(JSON.parse(lines.join('\n')).problems[0].line, 1);
});

test('explain says that the owner may, and by which comparison', async () => {
  const { code, lines } = await explain('owen', 'baremetal:node:update:properties');

  assert.equal(code, 0);
  assert.equal(lines[0], 'allowed: baremetal:node:update:properties');
  assert.equal(lines[2], 'caller  user owen; roles member, reader; project p1 (p1)');
  assert.equal(lines[3], 'object  node.owner p1; node.lessee p2');
  assert.ok(
    lines.includes(`        project_id:%(node.owner)s: the caller's project_id is p1; wanted "p1"`),
  );
});

test('explain says that the lessee may not, and what would have been needed', async () => {
  const { code, lines } = await explain('lea', 'baremetal:node:update:properties');

  assert.equal(code, 1);
  assert.equal(lines[0], 'refused: baremetal:node:update:properties');
  assert.ok(!lines.some((line) => line.startsWith('answer')));
  assert.ok(
    lines.includes(`        project_id:%(node.owner)s: the caller's project_id is p2; wanted "p1"`),
  );
});

test('explain says that a node which the caller may not see is 404', async () => {
  const { code, lines } = await explain('otto', 'baremetal:node:delete');

  assert.equal(code, 1);
  assert.match(lines.join('\n'), /^answer {2}404, as if the node did not exist/m);
});

test('explain says that the scope decided', async () => {
  const { lines } = await explain('otto', 'baremetal:events:post');

  assert.match(lines.join('\n'), /refused at once: the rule is for system, .* for project/);
});

test('explain looks at a file that is not installed yet', async () => {
  const path = await fileOf('next.yaml', '"show_password": "rule:is_admin"\n');

  const { code, lines } = await run(
    'explain',
    '--file',
    path,
    '--rule',
    'show_password',
    '--roles',
    'admin',
    '--system',
  );

  assert.equal(code, 0);
  assert.equal(lines[1], `rule    ${path}:1`);
  assert.match(lines.join('\n'), /because role:admin: the caller's roles are admin,/);
});

test('what explain is asked wrongly is told with what would be right', async () => {
  const rule = ['--rule', 'show_password'];
  const wrong: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [['explain', '--roles', 'a'], /--rule R/],
    [['explain', ...rule], /--user U or --roles/],
    [['explain', ...rule, '--user', 'x'], /--data DIR/],
    [['explain', ...rule, '--user', 'x', '--data', data.path], /owen, lea, otto/],
    [['explain', ...rule, '--roles', 'a', '--system', '--project', 'p'], /not both/],
    [['explain', '--rule', 'show_pasword', '--roles', 'a'], /did you mean "show_password"/],
    [['explain', ...rule, '--roles', 'a', '--target', 'x'], /KEY=VALUE/],
    [['explain', ...rule, '--roles', 'a', '--node', 'n'], /--data DIR/],
    [['explain', ...rule, '--roles', 'a', '--node', 'n', '--data', data.path], /no node n/],
    [['check'], /path of a policy file/],
    [['matrix', '--rule', 'x'], /no rule "x"/],
    [['what'], /"check", "explain" or "matrix"/],
  ];
  for (const [args, message] of wrong) {
    await assert.rejects(
      run(...args),
      (error) => error instanceof UsageInvalid && message.test(error.message),
    );
  }
});

test('matrix has a row for each rule, and marks those of the policy file', async () => {
  const path = await fileOf('matrix.yaml', '"baremetal:node:delete": "role:manager"\n');

  const { code, lines } = await run('matrix', '--file', path);

  assert.equal(code, 0);
  assert.match(lines.join('\n'), /^baremetal:node:delete \* +a--- +ag--- +ag--- +ag--- +- +--$/m);
  assert.match(lines.join('\n'), /^baremetal:node:create +a--s +----- +----- +----- +- +--$/m);
});

test('matrix as JSON names the callers', async () => {
  const { lines } = await run('matrix', '--rule', 'baremetal:chassis:create', '--json');

  assert.deepEqual(JSON.parse(lines.join('\n')), [
    { rule: 'baremetal:chassis:create', from: 'default', allowed: ['system admin'] },
  ]);
});

test('matrix asks no HTTP service and says so', async () => {
  const path = await fileOf('http.yaml', '"show_password": "http://127.0.0.1:1/ask"\n');

  const { lines } = await run(
    'matrix',
    '--file',
    path,
    '--rule',
    'show_password',
    '--set',
    'oslo_policy.allow_http_checks=true',
  );

  assert.match(lines.join('\n'), /show_password \* +\?{4} +\?{5}/);
});

test('the program ends with 2 and a sentence when it is asked wrongly', async () => {
  const main = join(import.meta.dirname, '../src/manage/main.ts');
  const { code, err } = await new Promise<{ readonly code: unknown; readonly err: string }>(
    (resolve) => {
      execFile(process.execPath, [main, 'policy', 'explain', '--rule', 'x'], (error, _out, err) =>
        resolve({ code: error?.code, err }),
      );
    },
  );

  assert.equal(code, 2);
  assert.match(err, /^bessemer policy: there is no rule "x"/);
});
