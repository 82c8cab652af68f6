import { expect, it } from 'vitest';
import { Mailbox } from './mailbox.js';

it('a post answered 200 that did not arrive is missing; one that was refused is not', () => {
  const mailbox = new Mailbox();
  for (const at of [0, 1, 2]) mailbox.post(at, at);
  mailbox.answered(0, 200, 5);
  mailbox.answered(1, 429, 6);
  expect(mailbox.isSettled).toBe(false);
  mailbox.answered(2, 200, 7);
  mailbox.received(2);
  expect(mailbox.missing).toBe(1);
  expect(mailbox.received(0)).toMatchObject({ kind: 'delivery', dueMs: 0 });
  expect(mailbox.missing).toBe(0);
  expect(mailbox.isSettled).toBe(true);
});

it('a second arrival is a duplicate, before the answer and after it', () => {
  const mailbox = new Mailbox();
  mailbox.post(0, 0);
  mailbox.received(0);
  expect(mailbox.received(0)).toEqual({ kind: 'duplicate' });
  mailbox.answered(0, 200, 5);
  expect(mailbox.received(0)).toEqual({ kind: 'duplicate' });
  expect(mailbox.received(1)).toEqual({ kind: 'unknown' });
});

it('only a post sent after the earlier one was answered may not overtake it', () => {
  const together = new Mailbox();
  together.post(0, 0);
  together.post(1, 1);
  together.answered(0, 200, 10);
  together.received(1);
  expect(together.received(0)).toMatchObject({ outOfOrder: false });

  const after = new Mailbox();
  after.post(0, 0);
  after.answered(0, 200, 10);
  after.post(11, 11);
  after.received(1);
  expect(after.received(0)).toMatchObject({ outOfOrder: true });
});
