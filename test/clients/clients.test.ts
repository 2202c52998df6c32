import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';
import * as z from 'zod/mini';
import { run } from '../deployed/support/commands.ts';
import { prepareVirtualEnvironment, pythonOf, type VirtualEnvironment } from '../deployed/support/python.ts';
import { useWorld } from '../e2e/support/use-world.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const APPS = fileURLToPath(new URL('apps', import.meta.url));
/** Below the packages, so that what is generated finds them. */
const CACHE = join(ROOT, 'node_modules/.cache/clients');

const PYTHON: VirtualEnvironment = {
  folder: join(CACHE, 'venv'),
  requirements: fileURLToPath(new URL('requirements.txt', import.meta.url)),
};

const withoutPython = await prepareVirtualEnvironment(PYTHON);
if (withoutPython !== null) {
  process.stderr.write(`skipped: clients in Python: ${withoutPython}\n`);
}
const describeWithPython = withoutPython === null ? describe : describe.skip;

const world = useWorld();
let folder: string;

beforeAll(async () => {
  await mkdir(CACHE, { recursive: true });
  folder = await mkdtemp(join(CACHE, 'run-'));
  const answer = await fetch(`${world().url}/openapi.json`);
  await writeFile(join(folder, 'openapi.json'), await answer.text());
});

afterAll(() => rm(folder, { recursive: true }));

/** Runs a program beside what was generated. It must succeed. @returns what it said */
async function succeed(command: string, options: string[]): Promise<string> {
  const { code, output } = await run(command, options, {
    cwd: folder,
    // openapi-python-client formats what it has made with the ruff of its own environment.
    env: { ...process.env, PATH: `${dirname(pythonOf(PYTHON))}:${process.env['PATH'] ?? ''}` },
  });
  expect({ code, output }).toEqual({ code: 0, output });
  return output;
}

/** The one line of JSON that an app prints. */
async function outputOf(command: string, app: string, tokens: string[]): Promise<unknown> {
  return z.parse(z.unknown(), JSON.parse(await succeed(command, [app, world().url, ...tokens])));
}

describe('a client in TypeScript', () => {
  const TSCONFIG = {
    compilerOptions: {
      module: 'nodenext',
      target: 'es2024',
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      types: ['node'],
    },
    include: ['*.ts'],
  };

  it('compiles strictly, narrows problems by their code, and runs', async () => {
    const types = await openapiTS(new URL(`file://${folder}/openapi.json`));
    await writeFile(join(folder, 'api.d.ts'), astToString(types));
    await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
    await copyFile(join(APPS, 'app.ts'), join(folder, 'app.ts'));
    await succeed(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '--project', folder]);

    const { token } = await world().meet('freeWriter');
    const said = await outputOf(process.execPath, 'app.js', [token, await world().serviceToken()]);
    expect(said).toEqual({
      letters: 5,
      refusal: expect.stringMatching(/^5 of 5 until \d{4}-\d{2}-\d{2}T/),
      needed: 'pro',
      unauthorized: 'Unauthorized',
      counted: { letters: 1 },
      page: 2,
    });
  });
});

describeWithPython('a client in Python', () => {
  const tool = (name: string): string => join(dirname(pythonOf(PYTHON)), name);

  it('has models by datamodel-code-generator, which import and read the answers', async () => {
    await succeed(tool('datamodel-codegen'), [
      ...['--input', 'openapi.json', '--input-file-type', 'openapi', '--output', 'models.py'],
      ...['--output-model-type', 'pydantic_v2.BaseModel', '--formatters', 'builtin'],
    ]);
    await copyFile(join(APPS, 'models_app.py'), join(folder, 'models_app.py'));
    const { token } = await world().meet('freeReceiver');
    expect(await outputOf(pythonOf(PYTHON), 'models_app.py', [token])).toEqual({
      title: 'To me',
      problem: 'PlanRequiredProblem',
      available: 0,
    });
  });

  it('is made by openapi-python-client without a warning, imports and runs', async () => {
    await succeed(tool('openapi-python-client'), [
      ...['generate', '--path', 'openapi.json', '--output-path', 'postage', '--meta', 'none'],
      '--fail-on-warning',
    ]);
    await copyFile(join(APPS, 'client_app.py'), join(folder, 'client_app.py'));
    const { token } = await world().meet('freeVisitor');
    expect(await outputOf(pythonOf(PYTHON), 'client_app.py', [token])).toEqual({
      title: 'To me',
      problem: 'PlanRequiredProblem',
      letters: 1,
      unauthorized: 'Unauthorized',
    });
  });
});
