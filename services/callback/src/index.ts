export { type Callback, type CallbackParts, createCallback } from './callback.js';
export type { CallbackLimits, CallbackSettings } from './callback-settings.js';
