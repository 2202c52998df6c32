/** Small pages of this machine's own, without scripts. */
import { createHash } from 'node:crypto';
import type { Answer } from './answers.ts';

const STYLE = `
:root { color-scheme: light dark; }
body { margin: 0; background: light-dark(#f6f6f9, #14151a); color: light-dark(#1b1d27, #eceef4); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 26rem; margin: 10vh auto; padding: 1.5rem; border: 1px solid light-dark(#dcdde6, #343845); border-radius: .75rem; background: light-dark(#fff, #1c1e25); }
h1 { margin: 0 0 .5rem; font-size: 1.375rem; }
p { margin: 0 0 1rem; color: light-dark(#55596b, #a9aec0); }
form { display: grid; gap: .5rem; margin: 0; }
form + form { margin-top: 1rem; }
button, input { min-height: 2.75rem; padding: .5rem 1rem; border: 1px solid light-dark(#8a8da0, #767b8f); border-radius: .5rem; background: light-dark(#fff, #262934); color: inherit; font: inherit; text-align: left; }
button { cursor: pointer; }
button strong { display: block; }
button span { color: light-dark(#55596b, #a9aec0); font-size: .875rem; }
button:hover { background: light-dark(#f1f1f6, #343845); }
button:focus-visible, input:focus-visible { outline: 2px solid light-dark(#3d4fd1, #93a0ff); outline-offset: 2px; }
label { display: grid; gap: .25rem; }
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

export function escapeHtml(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (sign) => names[sign] ?? sign);
}

/** @param body trusted HTML: what comes from outside is escaped in it */
export function answerHtml(status: number, title: string, body: string): Answer {
  const policy = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'`;
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'cache-control': 'no-store',
    },
    body: `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
<main>
<h1>${escapeHtml(title)}</h1>
${body}
</main>
`,
  };
}
