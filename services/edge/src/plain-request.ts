import { hasToken, type RequestHead } from './handshake-request.js';
import { badRequest, forbidden, type HttpAnswer, htmlPage } from './http-answer.js';

/** Requests that the port takes for no upgrade: there is nothing here for them but a developer's page. */
export class PlainRequests {
  constructor(private readonly page: { html: string } | undefined) {}

  answer(head: RequestHead): HttpAnswer {
    // The library hands over as plain what lacks a well-formed Sec-WebSocket-Key.
    if (hasToken(head.headers, 'upgrade', 'websocket')) return badRequest();
    const asksForPage = head.path === '/' && (head.method === 'get' || head.method === 'head');
    if (this.page !== undefined && asksForPage) return htmlPage(this.page.html);
    return forbidden();
  }
}
