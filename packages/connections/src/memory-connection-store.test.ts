import { registerConnectionStoreTests } from './conformance/connection-store.js';
import { createMemoryConnectionStore } from './index.js';

registerConnectionStoreTests('the memory store', createMemoryConnectionStore);
