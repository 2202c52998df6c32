import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as config from '../../examples/letters/postage.config.ts';
import type { LoadedConfig } from '../../lib/load-config.ts';
import { createPostageApp } from '../../lib/postage-app.ts';
import type { StageEntry } from '../../lib/stages.ts';

/** A resource of a template, as far as the tests look at it. */
export interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
  DependsOn?: string[];
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
}

/** A stage of the file, `dev` unless told, with other settings than its own. */
export interface Told extends Partial<StageEntry> {
  stage?: string;
}

/** As `cdk.json` sets them for the command line. */
export const { context: FEATURE_FLAGS } = JSON.parse(
  readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8'),
) as { context: Record<string, unknown> };

/** The letters app, whatever the owner's own file says. */
export const LETTERS: LoadedConfig = {
  file: fileURLToPath(new URL('../../examples/letters/postage.config.ts', import.meta.url)),
  config,
};

/** With it, every function is deployed that there is. */
export const SENDERS = { emailFrom: 'Postage <letters@example.com>', mailFrom: 'adr_1' };

/** The template of a stage. The functions' code and the rule packs have tests of their own. */
export function templateOf(told: Told = {}, loaded = LETTERS): Template {
  return withoutBundles({ told, checksRules: false, loaded }, (stack) => Template.fromStack(stack));
}

/** Calls with the stack as the app makes it, before synthesis. The folder of the synthesis is gone afterwards. */
export function withoutBundles<Result>(
  {
    told: { stage = 'dev', ...settings },
    loaded = LETTERS,
    context = {},
    ...options
  }: {
    told: Told;
    checksRules: boolean;
    loaded?: LoadedConfig;
    /** What `-c` says beside the stage. */
    context?: Readonly<Record<string, unknown>>;
  },
  use: (stack: Stack) => Result,
): Result {
  const outdir = mkdtempSync(join(tmpdir(), 'postage-infra-'));
  try {
    const { stages } = loaded.config;
    const entry = stages[stage];
    const withSettings = entry === undefined ? {} : { [stage]: { ...entry, senders: SENDERS, ...settings } };
    const config = { ...loaded.config, stages: { ...stages, ...withSettings } };
    const app = createPostageApp(
      { ...loaded, config },
      {
        outdir,
        ...options,
        stackTraces: false,
        context: { ...FEATURE_FLAGS, stage, ...context, 'aws:cdk:bundling-stacks': [] },
      },
    );
    const stack = app.node.findAll().find((each) => each instanceof Stack);
    if (stack === undefined) {
      throw new Error('The app has no stack.');
    }
    return use(stack);
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** The resources of a type, by their logical ids. */
export function resourcesOf(template: Template, type: string): [id: string, resource: Resource][] {
  return Object.entries(template.findResources(type) as Record<string, Resource>);
}

/** The logical id that an intrinsic function refers to, by `Ref` or by `Fn::GetAtt`; null for anything else. */
export function referenceIn(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) {
    return null;
  }
  if ('Ref' in value && typeof value.Ref === 'string') {
    return value.Ref;
  }
  if ('Fn::GetAtt' in value && Array.isArray(value['Fn::GetAtt'])) {
    return String(value['Fn::GetAtt'][0]);
  }
  return null;
}

/** The value of the tag `function`, which every function has. */
export function functionNameOf({ Properties }: Resource): string {
  const tags = Properties['Tags'] as { Key: string; Value: string }[];
  return tags.find(({ Key }) => Key === 'function')?.Value ?? '';
}
