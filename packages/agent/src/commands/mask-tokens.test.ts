import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maskTokens } from './mask-tokens.ts';

const TOKEN = 'Zq3vS0m9xT1kPp7cWJ4uHnA2bL5yR8dEfG6iK-oQ_sU';

for (const [form, masked] of [
  [`Command line: quiet ipa-agent-token=${TOKEN} nofb`, 'ipa-agent-token=****** nofb'],
  [`agent_token = ${TOKEN}\n`, 'agent_token = ******\n'],
  [`{"agent_token":"${TOKEN}"}`, '"agent_token":"******"'],
  [`POST /v1/commands/?agent_token=${TOKEN}&wait=true`, 'agent_token=******&wait=true'],
] as const) {
  test(`a token is masked in ${masked.trim()}`, () => {
    const text = maskTokens(form);

    assert.equal(text.includes(TOKEN), false);
    assert.ok(text.includes(masked));
  });
}

test('what only sounds like a token stays', () => {
  assert.equal(maskTokens('ipa-agent-token-required=1'), 'ipa-agent-token-required=1');
});
