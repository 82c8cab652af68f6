/** The longest padding so far: a part of it is taken, which costs k6 no copy. */
let padding = '';

/** A message as text, padded to `bytes` with a member that stands last. */
export function frameOf(members, bytes) {
  const head = JSON.stringify(members).slice(0, -1);
  const padLength = Math.max(0, bytes - head.length - ',"pad":""}'.length);
  if (padding.length < padLength) padding = 'x'.repeat(padLength);
  return `${head},"pad":"${padding.slice(0, padLength)}"}`;
}

/** What was sent or answered, without the padding, which may be long; no members where it is no JSON. */
export function membersOf(text) {
  const at = text.indexOf(',"pad":');
  try {
    return JSON.parse(at < 0 ? text : `${text.slice(0, at)}}`);
  } catch {
    return {};
  }
}
