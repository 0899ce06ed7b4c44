// One prompt and the answer of each model, with what it took: tokens, cost, time, who answered.
import { Badge } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { ChatAnswer, ToolCall } from '../../api/chat';
import { CopyIcon } from '../../ui/copyable';
import { Figure, Figures } from '../../ui/facts';
import { Count, Duration, Money } from '../../ui/figures';
import { Icon } from '../../ui/icons';
import { ErrorNote } from '../../ui/notes';
import { type Best, bestOf } from './best';
import { Images } from './images';
import classes from './turn.module.css';
import type { Reply, Turn } from './use-conversation';

export function TurnView({ turn }: { turn: Turn }) {
  const { t } = useTranslation();
  const several = turn.replies.length > 1;
  const best = bestOf(turn.replies);
  return (
    <article className={classes.turn}>
      <div className={classes.prompt}>
        <span className={classes.who}>{t('playground.you')}</span>
        <Images images={turn.images} />
        <p>{turn.prompt}</p>
      </div>
      <div className={several ? classes.several : undefined}>
        {turn.replies.map((reply) => (
          <ReplyView key={reply.model} reply={reply} titled={several} best={best.get(reply.model)} />
        ))}
      </div>
    </article>
  );
}

function ReplyView({ reply, titled, best }: { reply: Reply; titled: boolean; best: Best | undefined }) {
  const { t } = useTranslation();
  const { answer, state } = reply;
  return (
    <section className={classes.answer} aria-busy={state === 'running'} aria-label={titled ? reply.model : undefined}>
      {titled ? (
        <header className={classes.model}>
          <code>{reply.model}</code>
          {best?.cheapest ? <Badge variant="light">{t('playground.cheapest')}</Badge> : null}
          {best?.quickest ? <Badge variant="light">{t('playground.quickest')}</Badge> : null}
        </header>
      ) : null}
      {answer.reasoning ? (
        <details className={classes.reasoning}>
          <summary>{t('playground.reasoning')}</summary>
          <p>{answer.reasoning}</p>
        </details>
      ) : null}
      <p data-testid="answer">
        {answer.text}
        {state === 'running' ? <span className={classes.cursor} /> : null}
      </p>
      <ToolCalls calls={answer.toolCalls} />
      {state === 'stopped' ? <p className="muted small">{t('playground.stopped')}</p> : null}
      {state === 'failed' ? <ErrorNote error={reply.failure} /> : null}
      {answer.error ? <ErrorNote error={answer.error} /> : null}
      {answer.dropped ? (
        <p className={classes.dropped}>
          <Icon name="warn" size={16} /> {t('playground.dropped')} <code>{answer.dropped}</code>
        </p>
      ) : null}
      {state === 'done' || (state !== 'running' && answer.requestId) ? (
        <Foot answer={answer} whole={state === 'done' && !answer.error} />
      ) : null}
    </section>
  );
}

/** What the model asks to be called: the playground shows it, and makes no call. */
function ToolCalls({ calls }: { calls: ToolCall[] }) {
  const { t } = useTranslation();
  if (calls.length === 0) return null;
  return (
    <div>
      <p className="muted small">{t('playground.toolCalls', { count: calls.length })}</p>
      <ul className={classes.calls}>
        {calls.map((call, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a call is known by its place
          <li key={at}>
            <code>
              {call.name}({call.arguments})
            </code>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** What an answer took. Of one that did not end only what is known: the rest stands in its request. */
function Foot({ answer, whole }: { answer: ChatAnswer; whole: boolean }) {
  const { t } = useTranslation();
  return (
    <div className={classes.foot}>
      <Figures>
        {whole ? <Sums answer={answer} /> : null}
        {answer.provider ? (
          <Figure name={t('playground.answeredBy')}>
            <code>{[answer.provider, answer.model].filter(Boolean).join('/')}</code>
          </Figure>
        ) : null}
        {answer.requestId ? (
          <Figure name={t('playground.request')}>
            <Link to="/requests/$id" params={{ id: answer.requestId }}>
              {t('playground.lookInside')}
            </Link>
          </Figure>
        ) : null}
      </Figures>
      <CopyIcon text={answer.text} label={t('playground.copyAnswer')} />
    </div>
  );
}

function Sums({ answer }: { answer: ChatAnswer }) {
  const { t } = useTranslation();
  return (
    <>
      <Figure name={t('playground.tokensIn')}>
        {answer.inputTokens === null ? '–' : <Count value={answer.inputTokens} />}
      </Figure>
      <Figure name={t('playground.tokensOut')}>
        {answer.outputTokens === null ? '–' : <Count value={answer.outputTokens} />}
      </Figure>
      <Figure name={t('playground.cost')} testId="cost">
        <Money nanos={answer.cost} />
      </Figure>
      <Figure name={t('playground.firstText')}>
        <Duration us={answer.firstTextMs === null ? null : answer.firstTextMs * 1_000} />
      </Figure>
      <Figure name={t('playground.total')}>
        <Duration us={answer.totalMs === null ? null : answer.totalMs * 1_000} />
      </Figure>
    </>
  );
}
