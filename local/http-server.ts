import { once } from 'node:events';
import type { Server } from 'node:http';
import { orTimeout } from './or-timeout.ts';
import { UsageError } from './usage-error.ts';

const CLOSES_WITHIN_MS = 1_000;

/**
 * Listens on 127.0.0.1. Port 0 takes any free one.
 *
 * @throws UsageError when the port is taken
 */
export async function listenLocally(server: Server, port: number): Promise<{ url: string }> {
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch (error) {
    throw isTaken(error) ? new UsageError(`Port ${port} is taken; choose another with --port.`) : error;
  }
  const address = server.address();
  const boundPort = typeof address === 'object' && address !== null ? address.port : port;
  return { url: `http://127.0.0.1:${boundPort}` };
}

function isTaken(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES')
  );
}

/** Lets the requests under way finish, if they are quick. */
export async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  await orTimeout(closed, CLOSES_WITHIN_MS, () => []);
  server.closeAllConnections();
}
