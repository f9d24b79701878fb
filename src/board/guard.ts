/**
 * Decides which requests are answered. The board reads a folder of this machine, so pages of other sites must not reach it. A
 * hostile site can let its name point to 127.0.0.1 (DNS rebinding), which shows in the Host header.
 */

import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { hostname, networkInterfaces } from 'node:os';

/** What to answer instead. */
export interface Refusal {
  readonly status: 401 | 403 | 405;
  readonly message: string;
}

export interface Guard {
  /** Undefined if the request is allowed. */
  refuses(request: IncomingMessage, url: URL): Refusal | undefined;
  /** The `Set-Cookie` that replaces the token in later requests; undefined if the link has no token. */
  cookieFor(url: URL): string | undefined;
  /** Required in the link if the board listens to more than this machine. */
  readonly token: string | undefined;
}

const loopback: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];
const everywhere: readonly string[] = ['0.0.0.0', '::'];

export const isLoopback = (host: string): boolean => loopback.includes(inUrl(host));

/** A host as it stands in an address: IPv6 in brackets. */
export function inUrl(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host.toLowerCase();
}

export function guard(host: string, port: () => number): Guard {
  const token = isLoopback(host) ? undefined : randomBytes(16).toString('hex');
  const hosts = new Set([...loopback, ...(everywhere.includes(host) ? ownNames() : [inUrl(host)])]);
  const cookie = (): string => `rectio-board-${port()}`;
  const holds = (given: string | null | undefined): boolean =>
    token !== undefined && typeof given === 'string' && equal(given, token);
  return {
    token,
    refuses({ method, headers }, url) {
      const authorized = holds(url.searchParams.get('token')) || holds(cookieIn(headers.cookie, cookie()));
      // The port may be that of a tunnel (ssh -L, docker -p). Only a page of this machine has such a host.
      const asked = headers.host?.toLowerCase() ?? '';
      if (!authorized && !hosts.has(asked.replace(/:\d+$/, ''))) {
        const message = `This board does not answer for the host ${asked}. Start the board with \`host\` and open the whole link.`;
        return { status: 403, message };
      }
      if (method !== 'GET' && method !== 'HEAD') {
        return { status: 405, message: 'The board is read-only: it answers GET and HEAD.' };
      }
      if (token === undefined || authorized) {
        return undefined;
      }
      return { status: 401, message: 'Open the whole link that rectio board printed: it holds the token.' };
    },
    cookieFor: (url) =>
      holds(url.searchParams.get('token')) ? `${cookie()}=${token}; HttpOnly; SameSite=Strict; Path=/` : undefined,
  };
}

function ownNames(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return [hostname().toLowerCase(), ...addresses.map(({ address }) => inUrl(address))];
}

function cookieIn(header: string | undefined, name: string): string | undefined {
  const pairs = (header ?? '').split(';').map((pair) => pair.trim().split('='));
  return pairs.find(([key]) => key === name)?.[1];
}

function equal(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}
