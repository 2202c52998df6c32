/** A call to AWS as IAM sees it: an action on a resource and, in DynamoDB, on items under a partition key. */
export interface RecordedCall {
  functionName: string;
  /** `dynamodb:PutItem` */
  action: string;
  /** A table, an index, a secret, a queue, a state machine, an execution, a function, a bus, a bucket, an address: as it was sent. */
  resource: string;
  /** What `dynamodb:LeadingKeys` holds; null for other services. */
  key: string | null;
}

/** A signed request of the AWS SDK. */
export interface WireRequest {
  functionName: string;
  /** The header `x-amz-target`: `DynamoDB_20120810.PutItem`. S3, SES and Lambda have none, and are told by method and path. */
  target: string;
  authorization: string;
  body: string;
}

/** None for a request that is not AWS's. A transaction is authorized as the writes or reads in it, and a batch as its reads. */
export function callsOf({ functionName, target, authorization, body }: WireRequest): RecordedCall[] {
  const service = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(authorization)?.[1];
  if (service === undefined) {
    return [];
  }
  if (service === 's3') {
    return [objectCallOf(functionName, target)];
  }
  if (service === 'lambda') {
    const [, functionArn = target] = /^POST \/2015-03-31\/functions\/([^/]+)\/invocations/.exec(target) ?? [];
    return [
      { functionName, action: 'lambda:InvokeFunction', resource: decodeURIComponent(functionArn), key: null },
    ];
  }
  if (service === 'ses') {
    const { FromEmailAddress } = objectIn(JSON.parse(body));
    return [{ functionName, action: 'ses:SendEmail', resource: String(FromEmailAddress), key: null }];
  }
  const operation = target.slice(target.lastIndexOf('.') + 1);
  const input = objectIn(JSON.parse(body));
  const call = (action: string, resource: unknown, key: unknown = null): RecordedCall => ({
    functionName,
    action: `${service}:${action}`,
    resource: String(resource),
    key: typeof key === 'string' ? key : null,
  });
  switch (operation) {
    case 'TransactWriteItems':
    case 'TransactGetItems':
      return listIn(input['TransactItems']).map((item) => {
        const [kind = '', write] = Object.entries(objectIn(item))[0] ?? [];
        const { TableName, Item, Key } = objectIn(write);
        return call(AUTHORIZED_AS[kind] ?? kind, TableName, partitionKeyOf(Item ?? Key));
      });
    case 'BatchGetItem':
      return Object.entries(objectIn(input['RequestItems'])).flatMap(([table, request]) =>
        listIn(objectIn(request)['Keys']).map((key) => call(operation, table, partitionKeyOf(key))),
      );
    case 'PutEvents':
      return listIn(input['Entries']).map((entry) => call(operation, objectIn(entry)['EventBusName']));
    case 'Query':
      return [call(operation, input['IndexName'] ?? input['TableName'], queriedKeyOf(input))];
    default:
      return [call(operation, resourceOf(input), partitionKeyOf(input['Item'] ?? input['Key']))];
  }
}

/** Of `PUT /bucket/key?x-id=PutObject`. */
function objectCallOf(functionName: string, target: string): RecordedCall {
  const [, bucket = target, operation = target] = /^[A-Z]+ \/([^/?]+)[^?]*\?.*x-id=(\w+)/.exec(target) ?? [];
  return { functionName, action: `s3:${operation}`, resource: bucket, key: null };
}

const AUTHORIZED_AS: Readonly<Record<string, string>> = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
  Get: 'GetItem',
};

function resourceOf({
  TableName,
  SecretId,
  QueueUrl,
  stateMachineArn,
  executionArn,
}: Record<string, unknown>): unknown {
  return TableName ?? SecretId ?? QueueUrl ?? stateMachineArn ?? executionArn;
}

function partitionKeyOf(item: unknown): unknown {
  return objectIn(objectIn(item)['pk'])['S'];
}

/** The value of the first equality of a key condition, which is the one on the partition key: `#pk = :pk AND …` */
function queriedKeyOf(input: Record<string, unknown>): unknown {
  const placeholder = /= *(:\w+)/.exec(String(input['KeyConditionExpression']))?.[1] ?? '';
  return objectIn(objectIn(input['ExpressionAttributeValues'])[placeholder])['S'];
}

function objectIn(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function listIn(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
