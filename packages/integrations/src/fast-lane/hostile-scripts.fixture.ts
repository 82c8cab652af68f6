import { type Peer, pause, type Script } from './hostile-server.fixture.js';

const ok = (body: string, fields = '') => `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
const flat =
  (text: (body: string) => string): Script =>
  (peer, body) =>
    peer.dribble(text(body));

function chunks(peer: Peer, body: string, trailers = '', extension = ''): string {
  let text = '';
  for (let at = 0; at < body.length; ) {
    const size = 1 + Math.floor(peer.random() * Math.min(4000, body.length - at));
    text += `${size.toString(16)}${extension}\r\n${body.slice(at, at + size)}\r\n`;
    at += size;
  }
  return `${text}0\r\n${trailers}\r\n`;
}

const chunkedHead = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

/** Answers a strict client must understand, byte for byte. */
export const validScripts: Record<string, Script> = {
  plain: flat((body) => ok(body)),
  'many fields': flat((body) =>
    ok(body, `Server: x\r\nX-A:\t b \r\nX-Empty:\r\nX-High: \xe9\r\n${'X-N: 1\r\n'.repeat(50)}`),
  ),
  'no reason': flat((body) => `HTTP/1.1 200\r\ncontent-LENGTH:${body.length}\r\n\r\n${body}`),
  'not found': flat((body) => `HTTP/1.1 404 Not Found\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
  'same length twice': flat((body) => ok(body, `Content-Length: ${body.length}\r\n`)),
  chunked: (peer, body) => peer.dribble(chunkedHead + chunks(peer, body)),
  'chunked with trailers': (peer, body) =>
    peer.dribble(chunkedHead + chunks(peer, body, 'X-Sum: 1\r\nX-More: 2\r\n', ';a="b"')),
  interim: flat((body) => `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n${ok(body)}`),
  'close said': async (peer, body) => {
    await peer.dribble(ok(body, 'Connection: close\r\n'));
    if (peer.random() < 0.5) peer.socket.end();
  },
  'keep-alive for a second': flat((body) => ok(body, 'Keep-Alive: timeout=1\r\n')),
  'until close': async (peer, body) => {
    await peer.dribble(`HTTP/1.1 200 OK\r\n\r\n${body}`);
    peer.socket.end();
  },
  'version 1.0': async (peer, body) => {
    await peer.dribble(`HTTP/1.0 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    peer.socket.end();
  },
  'closed without a word': async (peer, body) => {
    await peer.dribble(ok(body));
    peer.socket.end();
  },
  'reset after the answer': async (peer, body) => {
    await peer.dribble(ok(body));
    await pause(5 + peer.random() * 10);
    // A reset takes with it what the other side has not read yet: of a large body there may be something left.
    if (peer.isLast() && body.length < 1000) peer.socket.resetAndDestroy();
  },
};

/** Answers, or what passes for them, that must fail, with the codes they may fail with. */
export const brokenScripts: Record<string, { script: Script; codes: string[]; mayAnswer?: boolean }> = {
  // libuv reports a reset that comes together with the last data as an orderly end, so that both outcomes are right.
  'reset before close': {
    codes: ['integration_invalid_response'],
    mayAnswer: true,
    script: async (peer, body) => {
      peer.socket.write(`HTTP/1.1 200 OK\r\n\r\n${body}`);
      await pause(5);
      peer.socket.resetAndDestroy();
    },
  },
};

function broken(code: string, scripts: Record<string, Script>): void {
  for (const [name, script] of Object.entries(scripts)) brokenScripts[name] = { script, codes: code.split(' ') };
}

const withField = (field: string) => flat((body) => ok(body, `${field}\r\n`));

broken('integration_invalid_response', {
  garbage: (peer) => peer.dribble(`\x00\x01garbage${peer.random()}\r\n\r\n`),
  'another protocol': flat(() => 'SSH-2.0-OpenSSH_9.2\r\n'),
  'two answers': flat((body) => ok(body) + ok('999999:stray')),
  'one byte more': (peer, body) => void peer.socket.write(`${ok(body)}x`),
  'length too short': (peer, body) =>
    void peer.socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length - 1}\r\n\r\n${body}`),
  'bytes after 204': (peer, body) =>
    void peer.socket.write(`HTTP/1.1 204 No Content\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
  'length and chunked': withField('Transfer-Encoding: chunked'),
  'chunked and length': (peer, body) => {
    const chunked = chunks(peer, body);
    return peer.dribble(
      `HTTP/1.1 200 OK\r\nContent-Length: ${chunked.length}\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`,
    );
  },
  'two lengths': withField('Content-Length: 3'),
  'list of lengths': withField('Content-Length: 1, 2'),
  'length with sign': flat((body) => `HTTP/1.1 200 OK\r\nContent-Length: +${body.length}\r\n\r\n${body}`),
  'negative length': flat(() => 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n'),
  'length of words': flat((body) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}x\r\n\r\n${body}`),
  'unknown coding': (peer, body) =>
    peer.dribble(`HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n${chunks(peer, body)}`),
  'two codings': (peer, body) =>
    peer.dribble(
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n${chunks(peer, body)}`,
    ),
  'chunked in 1.0': (peer, body) =>
    peer.dribble(`HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks(peer, body)}`),
  'chunk size of words': flat(() => `${chunkedHead}zz\r\nhello\r\n0\r\n\r\n`),
  'chunk size with 0x': flat(() => `${chunkedHead}0x5\r\nhello\r\n0\r\n\r\n`),
  'chunk size overflow': flat(() => `${chunkedHead}ffffffffff\r\nhello\r\n0\r\n\r\n`),
  'chunk with bare line feed': flat(() => `${chunkedHead}5\nhello\r\n0\r\n\r\n`),
  'chunk longer than said': flat(() => `${chunkedHead}3\r\nhello\r\n0\r\n\r\n`),
  'bad trailer': flat(() => `${chunkedHead}0\r\nbad trailer: 1\r\n\r\n`),
  'folded field': withField('X-A: 1\r\n  2'),
  'blank before colon': withField('X-A : 1'),
  'no colon': withField('X-A'),
  'empty name': withField(': 1'),
  'NUL in a value': withField('X-A: a\x00b'),
  'bare carriage return': withField('X-A: a\rb'),
  'bare line feed': withField('X-A: a\nX-B: b'),
  'status 99': flat(() => 'HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n'),
  'status 600': flat(() => 'HTTP/1.1 600 Odd\r\nContent-Length: 0\r\n\r\n'),
  'status of words': flat(() => 'HTTP/1.1 2OO OK\r\nContent-Length: 0\r\n\r\n'),
  'version 2.0': flat((body) => ok(body).replace('1.1', '2.0')),
  'switching protocols': flat(() => 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'),
  'interim for ever': async (peer) => {
    while (!peer.socket.destroyed) {
      peer.socket.write('HTTP/1.1 102 Processing\r\n\r\n');
      await pause(1);
    }
  },
  'end inside the head': async (peer) => {
    await peer.dribble('HTTP/1.1 200 OK\r\nContent-Le');
    peer.socket.end();
  },
  'end inside the body': async (peer, body) => {
    await peer.dribble(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length + 1}\r\n\r\n${body}`);
    peer.socket.end();
  },
  'end inside chunks': async (peer, body) => {
    await peer.dribble(chunkedHead + chunks(peer, body).slice(0, -5));
    peer.socket.end();
  },
  'reset inside the body': async (peer, body) => {
    peer.socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length + 9}\r\n\r\n${body}`);
    await pause(5);
    peer.socket.resetAndDestroy();
  },
});

broken('integration_unreachable', {
  'closed before an answer': (peer) => void peer.socket.end(),
  'reset before an answer': (peer) => void peer.socket.resetAndDestroy(),
});

broken('integration_timeout', {
  'no answer': () => {},
  'head without end': async (peer) => {
    peer.socket.write('HTTP/1.1 200 OK\r\n');
    while (!peer.socket.destroyed) {
      peer.socket.write('X-A: 1\r\n');
      await pause(10);
    }
  },
  'body drop by drop': async (peer) => {
    peer.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n');
    while (!peer.socket.destroyed) {
      peer.socket.write('x');
      await pause(10);
    }
  },
  'length too long': (peer, body) =>
    peer.dribble(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length + 1}\r\n\r\n${body}`),
});

/** Writes 100 MB, as far as the client takes it. */
async function flood(peer: Peer, head: string, piece: string): Promise<void> {
  peer.socket.write(head);
  const block = Buffer.from(piece.repeat(Math.ceil(65_536 / piece.length)), 'latin1');
  for (let sent = 0; sent < 100_000_000 && !peer.socket.destroyed; sent += block.length) {
    if (!peer.socket.write(block)) {
      await new Promise<void>((resolve) => {
        peer.socket.once('drain', resolve);
        peer.socket.once('close', resolve);
      });
    }
  }
}

broken('integration_response_too_large', {
  'head of 100 MB': (peer) => flood(peer, 'HTTP/1.1 200 OK\r\n', 'X-A: 1\r\n'),
  'field of 100 MB': (peer) => flood(peer, 'HTTP/1.1 200 OK\r\nX-A: ', 'a'),
  'length of 100 MB': (peer) => flood(peer, 'HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n', 'x'),
  'chunks of 100 MB': (peer) => flood(peer, chunkedHead, '10\r\n0123456789abcdef\r\n'),
  'one chunk of 4 GB': flat(() => `${chunkedHead}ffffffff\r\n`),
  'extension of 100 MB': (peer) => flood(peer, `${chunkedHead}5;`, 'a'),
  'until close, 100 MB': (peer) => flood(peer, 'HTTP/1.1 200 OK\r\n\r\n', 'x'),
});
