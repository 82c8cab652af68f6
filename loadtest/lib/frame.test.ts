import { expect, it } from 'vitest';
import { frameOf, membersOf } from './frame.js';

it.each([100, 5_000, 131_072, 200])('a message of %i bytes has just these, and its members come back', (bytes) => {
  const members = { action: 'webhook', id: 'r1.2.3', connection: 'abc==' };
  const text = frameOf(members, bytes);
  expect(text).toHaveLength(bytes);
  expect(JSON.parse(text)).toMatchObject(members);
  expect(membersOf(text)).toEqual(members);
});

it('a message that is longer by itself stays as it is, and what is no JSON has no members', () => {
  expect(JSON.parse(frameOf({ id: 'abcdef' }, 5))).toEqual({ id: 'abcdef', pad: '' });
  expect(membersOf('{"messageId":"x"}')).toEqual({ messageId: 'x' });
  expect(membersOf('nope')).toEqual({});
});
