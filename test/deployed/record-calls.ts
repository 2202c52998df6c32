/**
 * Loaded into every function of the emulated deployment (`node --import`), and into nothing else: writes down which
 * calls to AWS it makes, one JSON line each, to compare them with its rights. It listens on the wire, so that the
 * bundles are tested as they are deployed.
 */
import { appendFileSync } from 'node:fs';
import http, { type ClientRequest } from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import { type RecordedCall, type WireRequest, callsOf } from './support/recorded-calls.ts';

const file = process.env['POSTAGE_RECORDED_CALLS'];
const functionName = process.env['AWS_LAMBDA_FUNCTION_NAME'];

if (file !== undefined && functionName !== undefined) {
  for (const module of [http, https]) {
    const request = module.request.bind(module) as (...options: unknown[]) => ClientRequest;
    module.request = (...options: unknown[]): ClientRequest => {
      const sent = request(...options);
      listen(sent, (wireRequest) => record(file, { functionName, ...wireRequest }));
      return sent;
    };
  }
  syncBuiltinESMExports();
}

/** Calls back with what has been sent, once it is complete. */
function listen(
  request: ClientRequest,
  onSent: (wireRequest: Omit<WireRequest, 'functionName'>) => void,
): void {
  const chunks: Buffer[] = [];
  const keep = (chunk: unknown): void => {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) {
      chunks.push(Buffer.from(chunk));
    }
  };
  const write = request.write.bind(request) as (...given: unknown[]) => boolean;
  const end = request.end.bind(request) as (...given: unknown[]) => ClientRequest;
  request.write = (...given: unknown[]): boolean => {
    keep(given[0]);
    return write(...given);
  };
  request.end = (...given: unknown[]): ClientRequest => {
    keep(given[0]);
    onSent({
      target: String(request.getHeader('x-amz-target') ?? `${request.method} ${request.path}`),
      authorization: String(request.getHeader('authorization') ?? ''),
      body: Buffer.concat(chunks).toString(),
    });
    return end(...given);
  };
}

function record(to: string, wireRequest: WireRequest): void {
  const lines = callsOf(wireRequest).map((call: RecordedCall) => `${JSON.stringify(call)}\n`);
  // One write that appends, so that the lines of several processes do not mix.
  appendFileSync(to, lines.join(''));
}
