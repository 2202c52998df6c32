import { Component, type ReactElement, type ReactNode } from 'react';
import { texts } from '../texts/texts.ts';

/** What is left when nothing works. */
export function Broken(): ReactElement {
  return (
    <main className="main">
      <div className="hero" role="alert">
        <h1>{texts.shell.broken}</h1>
        <p>{texts.shell.brokenHelp}</p>
        <button type="button" className="button button-primary" onClick={() => window.location.reload()}>
          {texts.shell.reload}
        </button>
      </div>
    </main>
  );
}

/** Keeps a mistake in one page from taking the rest away. */
export class Boundary extends Component<{ children: ReactNode }, { isBroken: boolean }> {
  override state = { isBroken: false };

  static getDerivedStateFromError(): { isBroken: boolean } {
    return { isBroken: true };
  }

  override render(): ReactNode {
    return this.state.isBroken ? <Broken /> : this.props.children;
  }
}
