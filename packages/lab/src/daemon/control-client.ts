// Talking to a running lab through its control socket.

import { request } from 'node:http';
import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';
import { LabFailure } from '../lab-failure.ts';

const ANSWER_MS_MAX = 60_000;

/** Throws LabFailure when the lab does not run or refuses. */
export const callLab = (socketPath: string, path: string, body?: JsonObject): Promise<JsonValue> =>
  new Promise((resolve, reject) => {
    const call = request(
      { socketPath, path, method: body === undefined ? 'GET' : 'POST', timeout: ANSWER_MS_MAX },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('error', reject);
        response.on('end', () => {
          const answer: JsonValue = JSON.parse(text) as JsonValue;
          if (response.statusCode === 200) resolve(answer);
          else reject(new LabFailure(errorText(answer) ?? text));
        });
      },
    );
    call.on('timeout', () => call.destroy(new LabFailure('the lab does not answer')));
    call.on('error', (error) => {
      const isDown = 'code' in error && (error.code === 'ENOENT' || error.code === 'ECONNREFUSED');
      reject(isDown ? new LabFailure('the lab is not up', { cause: error }) : error);
    });
    if (body !== undefined) call.write(JSON.stringify(body));
    call.end();
  });

const errorText = (answer: JsonValue): string | undefined => {
  const text = isJsonObject(answer) ? answer['error'] : undefined;
  return typeof text === 'string' ? text : undefined;
};
