/** Lighthouse about the page as it is deployed: accessibility and best practices, bytes and layout shift. */
import { expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describeInBrowser, FLOW_MS } from './support/browser.ts';
import { useSite } from './support/use-site.ts';

const LIGHTHOUSE = fileURLToPath(new URL('../../web/lighthouse.ts', import.meta.url));
/** What the program ends with where npm cannot bring Lighthouse. */
const UNAVAILABLE = 69;

describeInBrowser('Lighthouse', () => {
  const site = useSite();

  it(
    'finds nothing against the plans, which anyone may see',
    async () => {
      const program = spawn(process.execPath, [LIGHTHOUSE, `${site().url}/app/plans`], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = new Promise<number | null>((resolve) => program.once('exit', resolve));
      const [output, code] = await Promise.all([text(program.stdout), ended]);
      if (code === UNAVAILABLE) {
        process.stderr.write('Skipped: npm cannot bring Lighthouse.\n');
        return;
      }
      process.stderr.write(output);
      expect(code).toBe(0);
    },
    FLOW_MS * 2,
  );
});
