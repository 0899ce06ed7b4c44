// What a request and its answer held, side by side: as they came, and as they were translated. Shown on demand, because
// each reading is in the audit trail.
import { Button, SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useEraseBodies, useReadBodies } from '../../api/bodies';
import type { KeptBody, RequestBodies, RequestDetail } from '../../api/types';
import { ConfirmByName } from '../../ui/confirm';
import { Bytes, Time } from '../../ui/figures';
import { ErrorNote, sayDone } from '../../ui/notes';
import { Bar, Rows, Section } from '../../ui/page';
import { Code } from '../../ui/snippet';
import classes from './bodies.module.css';
import { type Line, linesOf, shownAs } from './body-text';

export function Bodies({ request }: { request: RequestDetail }) {
  const { t } = useTranslation();
  const { kept, expires_at: expiresAt, reason } = request.bodies;
  if (request.traffic !== 'ai') return null;
  if (!kept) {
    return (
      <Section title={t('bodies.title')}>
        <p className="muted">{t(`bodies.reasons.${reason ?? 'not_kept'}`)}</p>
      </Section>
    );
  }
  return (
    <Section
      title={t('bodies.title')}
      lead={
        <>
          {t('bodies.lead')} {t('bodies.until')} <Time value={expiresAt ?? ''} />
        </>
      }
      actions={<Erase id={request.id} />}
    >
      <Shown id={request.id} />
    </Section>
  );
}

function Shown({ id }: { id: string }) {
  const { t } = useTranslation();
  const read = useReadBodies(id);
  if (!read.data) {
    return (
      <Rows>
        <ErrorNote error={read.error} />
        <Bar>
          <Button variant="default" loading={read.isPending} onClick={() => read.mutate()}>
            {t('bodies.show')}
          </Button>
        </Bar>
      </Rows>
    );
  }
  return <Panes bodies={read.data} />;
}

const pairs = [
  ['request', 'provider_request'],
  ['provider_answer', 'answer'],
] as const;

function Panes({ bodies }: { bodies: RequestBodies }) {
  const { t } = useTranslation();
  const [view, setView] = useState<'side' | 'difference'>('side');
  return (
    <Rows>
      <SegmentedControl
        aria-label={t('bodies.view')}
        value={view}
        onChange={(next) => setView(next === 'difference' ? 'difference' : 'side')}
        data={[
          { value: 'side', label: t('bodies.side') },
          { value: 'difference', label: t('bodies.difference') },
        ]}
      />
      {pairs.map(([left, right]) =>
        view === 'difference' && bodies[left] && bodies[right] ? (
          <Difference
            key={left}
            title={`${t(`bodies.panes.${left}`)} → ${t(`bodies.panes.${right}`)}`}
            before={bodies[left]}
            after={bodies[right]}
          />
        ) : (
          <div key={left} className={classes.pair}>
            <Pane title={t(`bodies.panes.${left}`)} body={bodies[left]} />
            <Pane title={t(`bodies.panes.${right}`)} body={bodies[right]} />
          </div>
        ),
      )}
    </Rows>
  );
}

function Pane({ title, body }: { title: string; body: KeptBody | null | undefined }) {
  const { t } = useTranslation();
  return (
    <div className={classes.pane}>
      <h3>{title}</h3>
      {body ? (
        <>
          <Marks body={body} />
          <Code text={shownAs(body.text)} label={title} />
        </>
      ) : (
        <p className="muted">{t('bodies.none')}</p>
      )}
    </div>
  );
}

/** What is not in the text although it was in the body. */
function Marks({ body }: { body: KeptBody }) {
  const { t } = useTranslation();
  const redacted = Object.entries(body.redacted ?? {});
  return (
    <p className="small muted">
      <Bytes value={body.bytes} />
      {body.truncated ? <> · {t('bodies.truncated')}</> : null}
      {redacted.length > 0 ? (
        <> · {t('bodies.redacted', { what: redacted.map(([what, count]) => `${what} × ${count}`).join(', ') })}</>
      ) : null}
    </p>
  );
}

const signs = { same: ' ', gone: '−', come: '+' } as const;

function Difference({ title, before, after }: { title: string; before: KeptBody; after: KeptBody }) {
  const { t } = useTranslation();
  const lines = linesOf(shownAs(before.text), shownAs(after.text));
  if (!lines) return <p className="muted">{t('bodies.tooLong')}</p>;
  return (
    <div className={classes.pane}>
      <h3>{title}</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1) */}
      <section tabIndex={0} aria-label={title} className={classes.lines}>
        <pre>{lines.map(asLine)}</pre>
      </section>
    </div>
  );
}

function asLine({ how, text, number }: Line) {
  return (
    <span key={number} data-how={how}>
      {`${signs[how]} ${text}\n`}
    </span>
  );
}

function Erase({ id }: { id: string }) {
  const { t } = useTranslation();
  const [asking, setAsking] = useState(false);
  const erase = useEraseBodies(id);
  const run = async () => {
    await erase.mutateAsync();
    sayDone(t('bodies.erased'));
  };
  return (
    <>
      <Button variant="default" onClick={() => setAsking(true)}>
        {t('bodies.erase')}
      </Button>
      <ConfirmByName
        opened={asking}
        onClose={() => setAsking(false)}
        title={t('bodies.eraseTitle')}
        name={id.slice(-6)}
        action={t('bodies.erase')}
        run={run}
      >
        <p>{t('bodies.eraseText')}</p>
      </ConfirmByName>
    </>
  );
}
