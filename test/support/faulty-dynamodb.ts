/**
 * A proxy in front of a DynamoDB that does on demand what a laptop's never does: conflict, throttle, lose answers,
 * hang. It counts what passes, so that tests can tell how many requests a command takes and what they consume.
 */
import { once } from 'node:events';
import {
  Agent,
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type ServerResponse,
} from 'node:http';
import { buffer, json } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import './node-errors.ts';
import { seededRandom } from './random.ts';

/** A request on its way to DynamoDB. */
export interface DynamoDbRequest {
  /** `TransactWriteItems`, `Query` and so on. */
  operation: string;
  body: RequestBody;
}

interface RequestBody {
  TransactItems?: object[];
  [member: string]: unknown;
}

/** What goes wrong with one request. */
export type Fault =
  /** It is answered without being carried out. */
  | { fault: 'answer'; status: number; body: object | string }
  /** It is carried out, and the connection breaks before the answer: the client can't know. */
  | { fault: 'lose the answer' }
  /** It is carried out, and the connection breaks in the middle of the answer. */
  | { fault: 'cut the answer' }
  /** It is neither carried out nor answered. */
  | { fault: 'hang' }
  /** It is carried out once the promise has come true. */
  | { fault: 'wait'; until: () => Promise<unknown> };

/** Chooses a fault for a request; null: it passes. */
export type Injector = (request: DynamoDbRequest) => Fault | null;

export interface FaultyDynamoDb {
  endpoint: string;
  /** From now on. */
  inject(injector: Injector): void;
  /** Requests since the last `reset`, by operation. */
  requests(): Record<string, number>;
  /** Capacity units since the last `reset`, the table's and its indexes' together: of reads, of writes, or of both. */
  consumedUnits(of?: UnitKind): number;
  /** Forgets counts and faults. */
  reset(): void;
  stop(): Promise<void>;
}

export type UnitKind = 'reads' | 'writes';

/** The operations that report capacity. */
const UNIT_KINDS: Readonly<Record<string, UnitKind>> = {
  BatchGetItem: 'reads',
  GetItem: 'reads',
  Query: 'reads',
  Scan: 'reads',
  TransactGetItems: 'reads',
  BatchWriteItem: 'writes',
  DeleteItem: 'writes',
  PutItem: 'writes',
  TransactWriteItems: 'writes',
  UpdateItem: 'writes',
};

interface Options {
  /** Asks DynamoDB for the capacity of each request. */
  measuresCapacity?: boolean;
}

const NO_FAULT: Injector = () => null;

/** Starts a proxy on a free port of this machine. */
export async function startFaultyDynamoDb(target: string, options: Options = {}): Promise<FaultyDynamoDb> {
  const proxy = new Proxy(new URL(target), options.measuresCapacity ?? false);
  const server = createServer((incoming, answer) => {
    proxy.serve(incoming, answer).catch(() => answer.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('A TCP server has a port.');
  }
  return {
    endpoint: `http://127.0.0.1:${String(address.port)}`,
    inject: (injector) => {
      proxy.injector = injector;
    },
    requests: () => Object.fromEntries(proxy.counts),
    consumedUnits: (of) => (of === undefined ? proxy.units.reads + proxy.units.writes : proxy.units[of]),
    reset: () => {
      proxy.injector = NO_FAULT;
      proxy.counts.clear();
      proxy.units = { reads: 0, writes: 0 };
    },
    stop: async () => {
      proxy.agent.destroy();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

interface Answer {
  status: number;
  contentType: string;
  body: Buffer;
}

class Proxy {
  readonly counts = new Map<string, number>();
  readonly agent = new Agent({ keepAlive: true });
  readonly #target: URL;
  readonly #measuresCapacity: boolean;
  injector = NO_FAULT;
  units: Record<UnitKind, number> = { reads: 0, writes: 0 };

  constructor(target: URL, measuresCapacity: boolean) {
    this.#target = target;
    this.#measuresCapacity = measuresCapacity;
  }

  async serve(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const operation = String(incoming.headers['x-amz-target']).replace(/^.*\./, '');
    const body = (await json(incoming)) as RequestBody;
    this.counts.set(operation, (this.counts.get(operation) ?? 0) + 1);
    const fault = this.injector({ operation, body });
    switch (fault?.fault) {
      case undefined:
        send(answer, await this.#forward(operation, incoming, body));
        return;
      case 'answer':
        send(answer, asAnswer(fault));
        return;
      case 'lose the answer':
        await this.#forward(operation, incoming, body);
        answer.destroy();
        return;
      case 'cut the answer':
        cut(answer, await this.#forward(operation, incoming, body));
        return;
      case 'hang':
        return;
      case 'wait':
        await fault.until();
        send(answer, await this.#forward(operation, incoming, body));
        return;
    }
  }

  async #forward(operation: string, incoming: IncomingMessage, body: RequestBody): Promise<Answer> {
    const kind = this.#measuresCapacity ? UNIT_KINDS[operation] : undefined;
    const sent = kind !== undefined ? { ...body, ReturnConsumedCapacity: 'INDEXES' } : body;
    const outgoing = httpRequest(this.#target, {
      agent: this.agent,
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': incoming.headers['x-amz-target'],
        authorization: incoming.headers.authorization,
        'x-amz-date': incoming.headers['x-amz-date'],
      },
    });
    outgoing.end(JSON.stringify(sent));
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    const answer = {
      status: response.statusCode ?? 0,
      contentType: String(response.headers['content-type']),
      body: await buffer(response),
    };
    if (kind !== undefined) {
      this.units[kind] += unitsOf(answer.body);
    }
    return answer;
  }
}

function unitsOf(answer: Buffer): number {
  const { ConsumedCapacity } = JSON.parse(answer.toString()) as {
    ConsumedCapacity?: { CapacityUnits: number } | { CapacityUnits: number }[];
  };
  return [ConsumedCapacity ?? []].flat().reduce((sum, { CapacityUnits }) => sum + CapacityUnits, 0);
}

function asAnswer({ status, body }: { status: number; body: object | string }): Answer {
  return typeof body === 'string'
    ? { status, contentType: 'text/html', body: Buffer.from(body) }
    : { status, contentType: 'application/x-amz-json-1.0', body: Buffer.from(JSON.stringify(body)) };
}

function send(answer: ServerResponse, { status, contentType, body }: Answer): void {
  answer.writeHead(status, { 'content-type': contentType, 'content-length': body.length }).end(body);
}

function cut(answer: ServerResponse, { status, contentType, body }: Answer): void {
  answer.writeHead(status, { 'content-type': contentType, 'content-length': body.length + 1 });
  answer.write(body.subarray(0, 1), () => answer.destroy());
}

const NAMESPACE = 'com.amazonaws.dynamodb.v20120810';

export function isTransaction({ operation }: DynamoDbRequest): boolean {
  return operation === 'TransactWriteItems';
}

/** A transaction is cancelled because of the item at `index`, as DynamoDB words it. */
export function cancelled(
  { body }: DynamoDbRequest,
  index: number,
  code: 'TransactionConflict' | 'ThrottlingError' | 'ProvisionedThroughputExceeded',
): Fault {
  const Message =
    code === 'TransactionConflict'
      ? 'Transaction is ongoing for the item'
      : 'Throughput exceeds the current capacity';
  const reasons = (body.TransactItems ?? []).map((_, place) =>
    place === index ? { Code: code, Message } : { Code: 'None' },
  );
  const codes = reasons.map(({ Code }) => Code).join(', ');
  return {
    fault: 'answer',
    status: 400,
    body: {
      __type: `${NAMESPACE}#TransactionCanceledException`,
      CancellationReasons: reasons,
      Message: `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    },
  };
}

/** DynamoDB answers with an exception of its own: 400 for the caller's, 500 for its own failures. */
export function exception(name: string, status = 400): Fault {
  return {
    fault: 'answer',
    status,
    body: { __type: `${NAMESPACE}#${name}`, message: 'Injected by the test.' },
  };
}

/** How often what happens, each from 0 to 1. */
export interface FaultRates {
  /** Of the transactions: cancelled, because one of their items is in another transaction's hands. */
  conflicts?: number;
  /** Of all requests: throttled, half of them item by item. */
  throttled?: number;
  /** Of all requests: carried out, and the answer lost. */
  lostAnswers?: number;
  /** Added to each request. */
  latencyMs?: number;
}

/** Faults by chance. */
export function randomFaults(seed: number, rates: FaultRates): Injector {
  const random = seededRandom(seed);
  const { conflicts = 0, throttled = 0, lostAnswers = 0, latencyMs = 0 } = rates;
  return (request) => {
    const lastItem = (request.body.TransactItems?.length ?? 0) - 1;
    if (isTransaction(request) && random.happens(conflicts)) {
      return cancelled(request, random.integer(0, lastItem), 'TransactionConflict');
    }
    if (random.happens(throttled)) {
      return isTransaction(request) && random.happens(0.5)
        ? cancelled(request, random.integer(0, lastItem), 'ThrottlingError')
        : exception('ThrottlingException');
    }
    if (random.happens(lostAnswers)) {
      return { fault: 'lose the answer' };
    }
    return latencyMs === 0 ? null : { fault: 'wait', until: () => wait(latencyMs) };
  };
}
