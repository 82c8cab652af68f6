import type { Refusal } from '@sluice/auth';
import { isConnectionId, nodeSlotOf } from '@sluice/contracts';
import type { DefinitionStore } from '@sluice/definitions';
import type { AccessControl } from './access-control.js';
import type { Throttle } from './account-throttle.js';
import { bodyBytesMaxOf } from './body-bounds.js';
import { type Operate, operations } from './connection-operations.js';
import type { About, Exchange } from './exchange.js';
import { findApi } from './find-api.js';
import { locateTarget } from './locate-target.js';
import { bodyTooLong, forbidden, gone, invalidConnectionId, limitExceeded, refused } from './management-answers.js';
import type { OutcomeTable } from './outcome-table.js';

export interface ManagementParts {
  definitions: DefinitionStore;
  access: AccessControl;
  outcomes: OutcomeTable;
  strict413: boolean;
  /** Undefined where the account has no rate. */
  throttle: Throttle | undefined;
  onRefused(refusal: Refusal, about: About): void;
  /** The address names no stage, or no connection in it. */
  onUnknownAddress(host: string, rawPath: string): void;
}

/**
 * One `@connections` request from its address to its answer, checks in the order of the model service (spec 09 §9.3): a
 * wrong address is 403 even with a body too long, a malformed id 400 even unsigned, a dead id 410 only for who may ask.
 */
export function handleManagementRequest(parts: ManagementParts, exchange: Exchange): void {
  const { request } = exchange;
  const target = locateTarget(parts.definitions, request.host, request.rawPath);
  const operate: Operate | undefined = operations.get(request.method);
  if (target === undefined) parts.onUnknownAddress(request.host, request.rawPath);
  if (target === undefined || operate === undefined) return exchange.answer(forbidden());
  const { connectionId, stage, customDomain } = target;
  exchange.concerns('stage', stage);
  if (target.apiId !== undefined) exchange.concerns('api', target.apiId);
  // Where the address names no API, what is too long for all of them is judged here and the rest once the API is known.
  const tooLong = (apiId: string | undefined) =>
    request.bodyExceeded || (apiId !== undefined && request.body.length > bodyBytesMaxOf(parts.definitions, apiId));
  if (tooLong(target.apiId)) return exchange.answer(bodyTooLong(parts.strict413));

  if (!isConnectionId(connectionId)) return exchange.answer(invalidConnectionId(connectionId));
  exchange.concerns('connection_id', connectionId);

  const { key, refusal } = parts.access.identify(request);
  if (refusal !== undefined) {
    parts.onRefused(refusal, exchange.about);
    return exchange.answer(refused(refusal));
  }
  exchange.accessKeyId = key?.accessKeyId;

  const nodeSlot = nodeSlotOf(connectionId);
  const apiNamed = (apiId: string) => {
    exchange.concerns('api', apiId);
    const denied = parts.access.authorize(key, apiId, stage, request.method);
    if (denied !== undefined) {
      parts.onRefused(denied, exchange.about);
      return exchange.answer(refused(denied));
    }
    // The older form of ids names no node: no edge of ours has ever issued one.
    if (nodeSlot === undefined) return exchange.answer(gone());
    if (parts.outcomes.full) return exchange.answer(limitExceeded());
    const takesBinary = parts.definitions.api(apiId)?.binaryFrames === true;
    const target = { connectionId, nodeSlot, apiId, takesBinary };
    if (parts.throttle === undefined) return operate(parts.outcomes, exchange, target);
    parts.throttle(
      apiId,
      exchange.guarded((within) => {
        if (within) operate(parts.outcomes, exchange, target);
        else exchange.answer(limitExceeded());
      }),
    );
  };
  if (target.apiId !== undefined) return apiNamed(target.apiId);
  findApi(parts, exchange, { connectionId, nodeSlot, stage, customDomain }, (apiId) => {
    if (tooLong(apiId)) return exchange.answer(bodyTooLong(parts.strict413));
    apiNamed(apiId);
  });
}
