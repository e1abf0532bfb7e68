// A password from the person at the terminal, unseen and twice, or from the first line of what is piped in. Never an
// argument: those are in the list of processes and in the history of the shell.

import type { ReadStream } from 'node:tty';

import { UsageInvalid } from '../command.ts';

/** bcrypt looks at no more; a longer one would be cut without a word. */
const PASSWORD_BYTES_MAX = 72;
const PASSWORD_CHARS_MIN = 8;
const INPUT_BYTES_MAX = 4_096;

const ENTER = new Set(['\r', '\n', '\u0004']);
const BACK = new Set(['\u007f', '\b']);
const INTERRUPT = '\u0003';

/** Throws UsageInvalid. */
export const checkPassword = (password: string): string => {
  if (Array.from(password).length < PASSWORD_CHARS_MIN) {
    throw new UsageInvalid(`a password has at least ${PASSWORD_CHARS_MIN} characters`);
  }
  if (Buffer.byteLength(password) > PASSWORD_BYTES_MAX) {
    throw new UsageInvalid(
      `a password has at most ${PASSWORD_BYTES_MAX} bytes; bcrypt sees no more`,
    );
  }
  if (/\p{Cc}/u.test(password)) throw new UsageInvalid('a password has no control characters');
  return password;
};

const readUnseen = (prompt: string, input: ReadStream): Promise<string> =>
  new Promise((resolve, reject) => {
    process.stderr.write(prompt);
    let typed = '';
    const end = (): void => {
      input.off('data', take).setRawMode(false).pause();
      process.stderr.write('\n');
    };
    const take = (text: string): void => {
      for (const character of text) {
        if (ENTER.has(character)) {
          end();
          resolve(typed);
          return;
        }
        if (character === INTERRUPT) {
          end();
          reject(new UsageInvalid('nothing is changed'));
          return;
        }
        typed = BACK.has(character) ? Array.from(typed).slice(0, -1).join('') : typed + character;
      }
    };
    input.setEncoding('utf8').setRawMode(true).on('data', take).resume();
  });

const readPiped = async (input: AsyncIterable<Buffer | string>): Promise<string> => {
  let text = '';
  for await (const chunk of input) {
    text += String(chunk);
    if (text.includes('\n') || text.length > INPUT_BYTES_MAX) break;
  }
  return text.split(/\r?\n/, 1)[0] as string;
};

/** Throws UsageInvalid. */
export const askPassword = async (user: string): Promise<string> => {
  const { stdin } = process;
  if (!stdin.isTTY) return checkPassword(await readPiped(stdin));
  const password = checkPassword(await readUnseen(`Password of ${user}: `, stdin));
  const again = await readUnseen('Once more: ', stdin);
  if (again !== password) throw new UsageInvalid('the two are not equal; nothing is changed');
  return password;
};
