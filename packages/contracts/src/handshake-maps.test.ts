import { describe, expect, it } from 'vitest';
import { queryMaps } from './handshake-maps.js';

describe('query parameters', () => {
  it.each(['', '&', '&&'])('[LE-1] H16: %j has none, and so no maps', (queryString) => {
    expect(queryMaps(queryString)).toBeUndefined();
  });

  it('[LE-1] H15: of a repeated one the last is single, and all are multi, decoded', () => {
    expect(queryMaps('m=1&m=2%203&plus=a+b&bad=%zz&empty&__proto__=x')).toEqual({
      single: { m: '2 3', plus: 'a b', bad: '%zz', empty: '', ['__proto__']: 'x' },
      multi: { m: ['1', '2 3'], plus: ['a b'], bad: ['%zz'], empty: [''], ['__proto__']: ['x'] },
    });
  });
});
