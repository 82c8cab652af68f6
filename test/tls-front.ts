import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { createServer } from 'node:tls';

/** A self-signed certificate for localhost and 127.0.0.1, for tests only; it protects nothing. */
export const frontCertificate = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUI8WwmtQWaPsANhkqr/Ag42k6JZgwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjExMDUyNVoYDzIxMjYxMDI5
MTEwNTI1WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASKH7UizRZLbQiYY3R3gSLfLUwi5xerimCbP1PIkyCG32NhJ27VybH4
A9T7W/4eJjWO0FfmYahQVPYv3OdeLYsNo28wbTAdBgNVHQ4EFgQUq8ALTZSZ55Mt
ZXR9EYSFTiYYUOYwHwYDVR0jBBgwFoAUq8ALTZSZ55MtZXR9EYSFTiYYUOYwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIgOBCBhHLsiarEMDp8TbX1S6S203De3kpPrjq3oCfSx6cCIQDM
J2VcglwcWFg9HrWZXsT8Gw0KL8SjBz6Jjb3ok+kfVw==
-----END CERTIFICATE-----
`;

const frontKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgbPGDe4GLvsG8Vubf
0YY9Qy+3IvULZW4Ak8TyT85AtIqhRANCAASKH7UizRZLbQiYY3R3gSLfLUwi5xer
imCbP1PIkyCG32NhJ27VybH4A9T7W/4eJjWO0FfmYahQVPYv3OdeLYsN
-----END PRIVATE KEY-----
`;

export interface TlsFront {
  readonly port: number;
  stop(): Promise<void>;
}

/** What stands before a gateway in production: ends TLS and passes the bytes on. */
export async function startTlsFront(gatewayPort: number): Promise<TlsFront> {
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer({ cert: frontCertificate, key: frontKey }, (outside) => {
    const inside = connect(gatewayPort, '127.0.0.1');
    for (const [socket, other] of [
      [outside, inside],
      [inside, outside],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.once('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
