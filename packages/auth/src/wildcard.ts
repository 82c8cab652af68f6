/**
 * Whether `text` matches `pattern`, where `*` stands for any characters (also `/` and `:`, also none) and `?` for exactly
 * one. Only the last star is ever tried again, so that the work is at most pattern × text: a hostile pattern cannot make
 * it exponential, as a translated regular expression could be.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let starAt = -1;
  let retryFrom = 0;
  while (t < text.length) {
    const wanted = pattern[p];
    if (wanted === '*') {
      starAt = p++;
      retryFrom = t;
    } else if (wanted === '?' || wanted === text[t]) {
      p++;
      t++;
    } else if (starAt !== -1) {
      // An earlier star never needs another try: whatever it could swallow more, this one can too.
      p = starAt + 1;
      t = ++retryFrom;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
