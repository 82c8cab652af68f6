import { afterAll, beforeAll } from 'vitest';
import { registerConnectionStoreTests } from './conformance/connection-store.js';
import { RedisStoreFixture } from './conformance/redis-store-fixture.js';

let fixture: RedisStoreFixture;

beforeAll(async () => {
  fixture = await RedisStoreFixture.start();
});
afterAll(() => fixture.stop());

registerConnectionStoreTests('the Redis store', () => {
  fixture.nextPrefix();
  return fixture.createStore();
});
