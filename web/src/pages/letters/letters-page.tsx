import type { ReactElement } from 'react';
import { PageHead } from '../../components/frame.tsx';
import { Section } from '../../components/section.tsx';
import { texts } from '../../texts/texts.ts';
import { Deliveries } from './deliveries.tsx';
import { SendForm } from './send-form.tsx';
import { WriteForm } from './write-form.tsx';

/** Letters to be written, and sent at a time to come. */
export function LettersPage(): ReactElement {
  return (
    <>
      <PageHead title={texts.letters.title} />
      <div className="columns columns-even">
        <div>
          <Section title={texts.letters.write}>
            <WriteForm />
          </Section>
        </div>
        <div>
          <Section title={texts.letters.send}>
            <SendForm />
          </Section>
        </div>
      </div>
      <Section title={texts.letters.deliveries}>
        <Deliveries />
      </Section>
    </>
  );
}
