import type { HttpResponse } from 'uWebSockets.js';
import { STATUS_CODES } from 'node:http';
import type { HttpAnswer } from './http-answer.js';

/** Writes a whole answer. Inside of a handler, or of `cork`. */
export function sendAnswer(res: HttpResponse, answer: HttpAnswer, withoutBody: boolean): void {
  res.writeStatus(`${answer.status} ${STATUS_CODES[answer.status] ?? 'Unknown'}`);
  for (const [name, value] of answer.headers) res.writeHeader(name, value);
  if (withoutBody) {
    // The length as an argument would leave the answer open, and a handler that returns so ends the process.
    res.writeHeader('Content-Length', String(Buffer.byteLength(answer.body)));
    if (answer.close) res.writeHeader('Connection', 'close');
    res.endWithoutBody();
  } else res.end(answer.body, answer.close);
}
