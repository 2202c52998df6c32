import { Stack } from 'aws-cdk-lib';
import { LogGroup, QueryDefinition, QueryString } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { PostageFunction } from './postage-function.ts';
import type { Stage } from './stage.ts';

interface Query {
  of: 'access log' | 'functions';
  fields: string[];
  filters: string[];
  then: string[];
}

/** What one asks the logs when an alarm rings. The runbook names them. */
const QUERIES = {
  'failed-requests': {
    of: 'access log',
    fields: ['routeKey', 'status', 'integrationError'],
    filters: ['status >= 500'],
    then: ['stats count(*) as requests by routeKey, status, integrationError', 'sort requests desc'],
  },
  'slow-requests': {
    of: 'access log',
    fields: ['routeKey', 'responseLatencyMs'],
    filters: ['responseLatencyMs > 0'],
    then: [
      'stats count(*) as requests, pct(responseLatencyMs, 50) as p50, pct(responseLatencyMs, 99) as p99 by routeKey',
      'sort p99 desc',
    ],
  },
  'refused-callers': {
    of: 'access log',
    fields: ['ip', 'routeKey', 'status'],
    filters: ['status in [401, 403, 429]'],
    then: ['stats count(*) as requests by ip, routeKey, status', 'sort requests desc', 'limit 50'],
  },
  errors: {
    of: 'functions',
    fields: ['@timestamp', 'service', 'message', 'error.name', 'error.message', 'error.cause.message'],
    filters: ["level in ['ERROR', 'CRITICAL']"],
    then: ['sort @timestamp desc', 'limit 100'],
  },
  'busy-table': {
    of: 'functions',
    fields: ['service', 'error.cause.message'],
    filters: ["error.name = 'BusyError'"],
    then: ['stats count(*) as times by service, error.cause.message', 'sort times desc'],
  },
  'cold-starts': {
    of: 'functions',
    fields: ['@log', '@initDuration', '@maxMemoryUsed'],
    filters: ["@type = 'REPORT'", 'ispresent(@initDuration)'],
    then: ['stats count(*) as starts, pct(@initDuration, 99) as p99 by @log', 'sort starts desc'],
  },
} as const satisfies Record<string, Query>;

/** Logs Insights has them under `postage-<stage>`. */
export class Queries extends Construct {
  constructor(scope: Construct, id: string, { stage, accessLog }: { stage: Stage; accessLog: LogGroup }) {
    super(scope, id);
    const functions = Stack.of(this)
      .node.findAll()
      .filter((each) => each instanceof PostageFunction)
      .map(({ logGroup }) => logGroup);
    for (const [name, query] of Object.entries(QUERIES)) {
      new QueryDefinition(this, name, {
        queryDefinitionName: `postage-${stage.name}/${name}`,
        logGroups: query.of === 'functions' ? functions : [accessLog],
        queryString: new QueryString({
          fields: [...query.fields],
          filterStatements: [...query.filters],
          // Whatever comes after; CDK knows one command of each kind.
          limit: undefined,
        }),
      });
    }
  }
}
