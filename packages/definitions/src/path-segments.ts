/** The segments of a path, without the empty one behind a trailing slash; undefined where it is no absolute path. */
export function splitPath(path: string): string[] | undefined {
  if (!path.startsWith('/')) return undefined;
  const segments = path.slice(1).split('/');
  if (segments.at(-1) === '') segments.pop();
  return segments;
}

/** Undefined where the percent-encoding is broken. */
export function decodeSegment(segment: string): string | undefined {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/** Careful clients encode what their HTTP library encodes again (spec 09 §9.1). */
export function isManagementMarker(segment: string): boolean {
  return decodeSegment(decodeSegment(segment) ?? '') === '@connections';
}
