/** A rendered head taken apart: written once for both lanes, so that they cannot differ. */
export function readHead(head: string): { method: string; path: string; headers: [name: string, value: string][] } {
  const lines = head.split('\r\n');
  const [method = '', path = ''] = (lines[0] ?? '').split(' ');
  const headers = lines.slice(1, -2).map((line): [string, string] => {
    const colon = line.indexOf(': ');
    return [line.slice(0, colon), line.slice(colon + 2)];
  });
  return { method, path, headers };
}
