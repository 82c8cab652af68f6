import http from 'k6/http';
import { signedHeadersOf } from './sign.js';

/** Answers that a back end has to live with; what else comes is a failure. */
const responseCallback = http.expectedStatuses(200, 410, 429);
const timeout = '15s';
let turn = 0;

/** Posts to a connection and resolves with the status; 0 where there was no answer. It does not hold up the event loop. */
export async function postTo(settings, connectionId, body) {
  const origin = settings.callbackUrl[turn++ % settings.callbackUrl.length];
  const api = settings.api === undefined ? '' : `/${settings.api}`;
  const path = `${api}/${settings.stage}/${encodeURIComponent('@connections')}/${encodeURIComponent(connectionId)}`;
  const host = origin.replace(/^https?:\/\//, '');
  const headers = signedHeadersOf(settings, { method: 'POST', host, path, body });
  const params = { headers, timeout, responseCallback, tags: { name: '@connections' } };
  const response = await http.asyncRequest('POST', `${origin}${path}`, body, params);
  return response.status;
}
