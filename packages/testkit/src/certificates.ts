import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate authority of this test alone, with a certificate of a server and one of a client, as PEM files. */
export interface Certificates {
  caFile: string;
  /** For `localhost` and 127.0.0.1. */
  server: { certFile: string; keyFile: string };
  client: { certFile: string; keyFile: string };
  /** Arguments of a `redis-server` that listens with TLS on the port and asks clients for a certificate. */
  redisArgs(tlsPort: number): string[];
  remove(): void;
}

/** Makes them with `openssl`. */
export function makeCertificates(): Certificates {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-certificates-'));
  const path = (name: string) => join(directory, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe', cwd: directory });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=test authority');
  const issue = (name: string, extensions: string) => {
    writeFileSync(path(`${name}.ext`), extensions);
    openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    const by = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-extfile', `${name}.ext`, '-out', `${name}.crt`);
    return { certFile: path(`${name}.crt`), keyFile: path(`${name}.key`) };
  };
  const server = issue('server', 'subjectAltName=DNS:localhost,IP:127.0.0.1');
  const client = issue('client', 'extendedKeyUsage=clientAuth,serverAuth');
  const caFile = path('ca.crt');
  return {
    caFile,
    server,
    client,
    redisArgs: (tlsPort) => [
      ...['--tls-port', `${tlsPort}`, '--tls-ca-cert-file', caFile, '--tls-auth-clients', 'yes'],
      ...['--tls-cert-file', server.certFile, '--tls-key-file', server.keyFile],
      // Its own connections, to a primary or to other nodes, show the certificate of a server too.
      ...['--tls-replication', 'yes'],
    ],
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
