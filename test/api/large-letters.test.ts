import { describe, expect, it } from '@jest/globals';
import { type ApiAnswer, type ApiUser, LETTER, someApiUser } from '../support/api-client.ts';
import { usePostage } from '../support/server.ts';

const postage = usePostage();

const LIMIT = 65_536;
const SCRIPTS = [
  ['Latin', 'x'],
  ['Cyrillic', 'ж'],
  ['CJK', '字'],
  ['emoji', '🎉'],
] as const;

/** So many bytes of one script, as far as its characters make them up; the rest is Latin. */
function textOf(character: string, bytes: number): string {
  const size = Buffer.byteLength(character);
  return character.repeat(Math.floor(bytes / size)) + 'x'.repeat(bytes % size);
}

/** As clients write it that escape everything: six bytes for each place in a string. */
function escaped(text: string): string {
  const units = Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

async function send(user: ApiUser, body: string): Promise<ApiAnswer> {
  return user.call('POST', '/letters', { body, headers: { 'content-type': 'application/json' } });
}

describe('the text of a letter', () => {
  it.each(SCRIPTS)('has at most 64 kB of UTF-8, however it is sent: %s', async (_, character) => {
    const ada = await someApiUser(postage(), 'pro');
    const fits = textOf(character, LIMIT);
    const tooLong = `${fits}x`;
    for (const text of [JSON.stringify(fits), `"${escaped(fits)}"`]) {
      const created = await send(ada, `{"title":"Long","body":${text}}`);
      expect(created.status).toBe(201);
      const { body } = await ada.call('GET', `/letters/${String(created.body['id'])}`);
      expect(body['body']).toBe(fits);
    }
    for (const text of [JSON.stringify(tooLong), `"${escaped(tooLong)}"`]) {
      const refused = await send(ada, `{"title":"Too long","body":${text}}`);
      expect([refused.status, refused.body]).toEqual([
        413,
        expect.objectContaining({ code: 'too_large', limitBytes: LIMIT }),
      ]);
    }
  });

  it('is refused by the minute when it is large, without a word to anybody else', async () => {
    const [ada, bob] = [await someApiUser(postage(), 'pro'), await someApiUser(postage(), 'pro')];
    const large = { ...LETTER, body: 'x'.repeat(LIMIT) };
    const answers = await Promise.all(
      Array.from({ length: 25 }, () => ada.call('POST', '/letters', { body: large })),
    );
    const refused = answers.filter(({ status }) => status !== 201);
    expect(refused).toHaveLength(5);
    for (const { status, body, headers } of refused) {
      expect([status, body]).toEqual([429, expect.objectContaining({ code: 'rate_limited', limit: 20 })]);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect((await ada.call('POST', '/letters', { body: LETTER })).status).toBe(201);
    expect((await bob.call('POST', '/letters', { body: large })).status).toBe(201);
    postage().clock.moveTo(postage().clock.now() + 60_000);
    expect((await ada.call('POST', '/letters', { body: large })).status).toBe(201);
  });
});
