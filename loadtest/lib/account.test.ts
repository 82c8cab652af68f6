import { expect, it } from 'vitest';
import { Account } from './account.js';

it('an answer is counted from when its message was due, and the second one is a duplicate', () => {
  const account = new Account();
  expect(account.send(100, 103)).toBe(0);
  expect(account.answer(0)).toEqual({ kind: 'answer', dueMs: 100, outOfOrder: false });
  expect(account.answer(0)).toEqual({ kind: 'duplicate' });
  expect(account.answer(1)).toEqual({ kind: 'unknown' });
});

it('an answer that was overtaken is out of order', () => {
  const account = new Account();
  for (const at of [1, 2, 3]) account.send(at, at);
  expect(account.answer(2)).toMatchObject({ outOfOrder: false });
  expect(account.answer(0)).toMatchObject({ outOfOrder: true });
  expect(account.answer(1)).toMatchObject({ outOfOrder: true });
});

it('answers in turn are told apart by the id of the gateway', () => {
  const account = new Account();
  account.send(1, 1);
  account.send(2, 2);
  expect(account.answerInTurn('a')).toMatchObject({ kind: 'answer', dueMs: 1 });
  expect(account.answerInTurn('a')).toEqual({ kind: 'duplicate' });
  expect(account.answerInTurn('b')).toMatchObject({ kind: 'answer', dueMs: 2 });
  expect(account.answerInTurn('c')).toEqual({ kind: 'unknown' });
});

it('what nobody answered is early or late, by how long before the end it was sent', () => {
  const account = new Account();
  for (const at of [1_000, 2_000, 2_500, 2_999]) account.send(at, at);
  account.answer(0);
  expect(account.end(3_000, 600)).toEqual({ early: [1], late: [2, 3], refused: 0 });
  expect(account.end(4_000, 0)).toEqual({ early: [], late: [], refused: 0 });
});

it('each error frame stands for one message, the early ones first', () => {
  const account = new Account();
  for (const at of [1_000, 1_001, 2_900]) account.send(at, at);
  expect(account.isSettled).toBe(false);
  account.refuse();
  account.refuse();
  expect(account.isSettled).toBe(false);
  account.refuse();
  expect(account.isSettled).toBe(true);
  expect(account.end(3_000, 500)).toEqual({ early: [], late: [], refused: 3 });
});
