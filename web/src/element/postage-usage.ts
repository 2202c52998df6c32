/**
 * `<postage-usage>`: the bars and the warning of the usage page, for the owner's own app. One script without a framework.
 * It keeps to a strict content security policy: its styles are a style sheet object, and none stands in the page.
 *
 *   <postage-usage api="https://api.example.com" href="https://api.example.com/app/"></postage-usage>
 *   document.querySelector('postage-usage').getToken = () => myTokens.accessToken();
 */
import createClient from 'openapi-fetch';
import type { paths } from '../api/generated/core.d.ts';
import type { Schemas } from '../api/schemas.ts';
import { wordsOf } from '../catalogue/words-of.ts';
import barStyles from '../components/bar.css?inline';
import { createFormat, readerOf } from '../format/format.ts';
import { usageLine, type UsageLine } from '../pages/usage/usage-lines.ts';
import { texts, LANGUAGE } from '../texts/texts.ts';
import ownStyles from './postage-usage.css?inline';

type GetToken = () => Promise<string> | string;

interface Line {
  name: string;
  line: UsageLine;
}

const format = createFormat(readerOf(LANGUAGE, navigator.languages));

const styles = new CSSStyleSheet();
styles.replaceSync(`${barStyles}\n${ownStyles}`);

export class PostageUsage extends HTMLElement {
  static observedAttributes = ['api', 'href'];

  readonly #root = this.attachShadow({ mode: 'open' });
  #getToken: GetToken | null = null;

  constructor() {
    super();
    this.#root.adoptedStyleSheets = [styles];
  }

  /** Gives the token of the user who looks at the page. Setting it shows their usage. */
  set getToken(getToken: GetToken) {
    this.#getToken = getToken;
    void this.refresh();
  }

  connectedCallback(): void {
    this.#takeEarlyToken();
    void this.refresh();
  }

  attributeChangedCallback(): void {
    void this.refresh();
  }

  /** Reads the usage again, such as after something was used. */
  async refresh(): Promise<void> {
    const api = this.getAttribute('api');
    if (!this.isConnected || this.#getToken === null || api === null) {
      return;
    }
    this.setAttribute('aria-busy', 'true');
    try {
      const token = await this.#getToken();
      const client = createClient<paths>({
        baseUrl: api.replace(/\/$/, ''),
        headers: { authorization: `Bearer ${token}` },
      });
      const [account, catalogue] = await Promise.all([client.GET('/account'), client.GET('/catalogue')]);
      if (account.data === undefined || catalogue.data === undefined) {
        throw new Error('The usage cannot be read.');
      }
      this.#show(linesOf(account.data, catalogue.data));
    } catch {
      this.#root.replaceChildren(textIn('p', texts.element.failed));
    } finally {
      this.removeAttribute('aria-busy');
    }
  }

  /** The owner's page may have set it before this script has come. */
  #takeEarlyToken(): void {
    const early = Object.getOwnPropertyDescriptor(this, 'getToken');
    if (early !== undefined) {
      Reflect.deleteProperty(this, 'getToken');
      Reflect.set(this, 'getToken', early.value);
    }
  }

  #show(lines: readonly Line[]): void {
    const warning = warningOf(lines);
    const list = document.createElement('ul');
    list.append(...lines.map(itemOf));
    const parts: HTMLElement[] = [list];
    if (warning !== null) {
      parts.unshift(warning);
    }
    const href = this.getAttribute('href');
    if (href !== null) {
      const link = textIn('a', texts.element.more);
      link.setAttribute('href', href);
      parts.push(link);
    }
    this.#root.replaceChildren(...parts);
  }
}

function linesOf(account: Schemas['Account'], catalogue: Schemas['Catalogue']): Line[] {
  const words = wordsOf(catalogue, format);
  const meters = catalogue.meters.flatMap(({ id }): Line[] => {
    const meter = account.meters[id];
    const title = words.titleOf(id);
    return meter === undefined ? [] : [{ name: title.many, line: usageLine(meter, title, format, 'used') }];
  });
  const levels = catalogue.levels.flatMap(({ id }): Line[] => {
    const level = account.levels[id];
    const title = words.titleOf(id);
    return level === undefined
      ? []
      : [{ name: title.many, line: usageLine({ ...level, used: level.held }, title, format, 'held') }];
  });
  return [...meters, ...levels];
}

function itemOf({ name, line }: Line): HTMLElement {
  const item = document.createElement('li');
  if (line.kind === 'not in plan') {
    item.append(textIn('p', `${name}: ${texts.usage.notInPlan}`));
    return item;
  }
  item.append(textIn('p', line.says));
  if (line.kind === 'limited') {
    item.append(barOf(name, line));
  }
  return item;
}

function barOf(name: string, line: Extract<UsageLine, { kind: 'limited' }>): HTMLElement {
  const { used, limit, level, says, left } = line;
  const bar = document.createElement('div');
  bar.className = 'bar';
  bar.dataset['level'] = level;
  for (const [attribute, value] of [
    ['role', 'meter'],
    ['aria-label', name],
    ['aria-valuemin', '0'],
    ['aria-valuemax', String(Math.max(limit, 1))],
    ['aria-valuenow', String(Math.min(used, limit))],
    ['aria-valuetext', `${says}, ${left}`],
  ] as const) {
    bar.setAttribute(attribute, value);
  }
  const fill = document.createElement('div');
  fill.className = 'bar-fill';
  fill.style.width = limit === 0 ? '0' : `${Math.min(used / limit, 1) * 100}%`;
  const tick = document.createElement('div');
  tick.className = 'bar-tick';
  bar.append(fill, tick);
  return bar;
}

/** The worst only. */
function warningOf(lines: readonly Line[]): HTMLElement | null {
  const at = (level: 'near' | 'full'): Line | undefined =>
    lines.find(({ line }) => line.kind === 'limited' && line.level === level);
  const [full, near] = [at('full'), at('near')];
  const text =
    full !== undefined
      ? texts.element.reached(full.name)
      : near !== undefined
        ? texts.element.warning(near.name)
        : null;
  if (text === null) {
    return null;
  }
  const warning = textIn('p', text);
  warning.className = full === undefined ? 'warning' : 'warning full';
  warning.setAttribute('role', 'status');
  return warning;
}

function textIn(tag: 'p' | 'a', text: string): HTMLElement {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

customElements.define('postage-usage', PostageUsage);
