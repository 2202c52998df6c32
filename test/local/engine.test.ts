import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { externalDynamodb } from '../../local/command-line.ts';
import { findEngine, startEngine } from '../../local/engine.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'postage-engine-'));
const isEmbedded = externalDynamodb() === null;

afterAll(() => {
  rmSync(dataDir, { recursive: true });
});

/** How the engine finds the number of the next record of a stream, once for each item that is written. */
function planOfWriting(): string {
  const database = new DatabaseSync(join(dataDir, 'dynamodb.sqlite'));
  const lastNumber = 'SELECT MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = ?';
  const plan = database.prepare(`EXPLAIN QUERY PLAN ${lastNumber}`).all('table');
  // As data are that an engine without the index has written.
  database.exec('DROP INDEX IF EXISTS postage_stream');
  database.close();
  return JSON.stringify(plan);
}

(isEmbedded ? describe : describe.skip)('the embedded engine', () => {
  it.each(['new data', 'data of before'])('does not read the whole stream for a write to %s', async () => {
    const engine = await startEngine({ dataDir });
    await engine.stop();
    expect(planOfWriting()).toContain('SEARCH _stream_records USING COVERING INDEX postage_stream');
  });
});

describe('the engine for a platform', () => {
  const missing = (): never => {
    throw new Error('Not installed.');
  };

  it('comes with the dependencies on Linux x64, and nothing is said', () => {
    const found = findEngine({ platform: 'linux', arch: 'x64' }, (file) => `/modules/${file}`);
    expect(found).toEqual({ command: ['/modules/@dynoxide/linux-x64/dynoxide'], says: null });
  });

  it.each([
    ['darwin', 'arm64'],
    ['darwin', 'x64'],
    ['linux', 'arm64'],
    ['linux', 'x64'],
  ] as const)(
    'is fetched by npm on %s-%s where it is not installed, and one line says so',
    (platform, arch) => {
      const { command, says } = findEngine({ platform, arch }, missing);
      expect(command.join(' ')).toBe('npm exec --yes dynoxide@1.2.1 --');
      expect(says).toBe(
        `DynamoDB: the embedded one for ${platform}-${arch}, by "npm exec --yes dynoxide@1.2.1". DYNAMODB_ENDPOINT names another.`,
      );
    },
  );

  it('is not there on Windows, which is told what to do', () => {
    expect(() => findEngine({ platform: 'win32', arch: 'x64' }, missing)).toThrow(/Subsystem for Linux/);
  });
});
