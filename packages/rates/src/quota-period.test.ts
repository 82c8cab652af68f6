import { expect, it } from 'vitest';
import { periodEndMs, periodNumber } from './quota-period.js';

it.each(['DAY', 'WEEK', 'MONTH'] as const)(
  'numbers each %s one higher than the last, without gap or overlap',
  (period) => {
    let number = periodNumber(period, 0);
    for (let count = 0; count < 2_000; count++) {
      const end = periodEndMs(period, number);
      expect(periodNumber(period, end - 1)).toBe(number);
      expect(periodNumber(period, end)).toBe(number + 1);
      number += 1;
    }
    expect(new Date(periodEndMs('WEEK', periodNumber('WEEK', Date.UTC(2026, 10, 22)))).getUTCDay()).toBe(0);
  },
);
