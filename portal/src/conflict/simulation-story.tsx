// What a simulated request would meet, stage by stage, and the answer: with its problem, and how a client resolves it.
import { useTranslation } from 'react-i18next';
import type { ConflictProblem, Simulation, SimulationStep } from '../api/types';
import { known } from '../api/types';
import { Fact, FactList } from '../ui/facts';
import { Icon, type IconName } from '../ui/icons';
import { Rows } from '../ui/page';
import { Code } from '../ui/snippet';
import { Status, Tag, type Tone } from '../ui/status';
import classes from './simulation.module.css';

/** What a step does to the request. A word that is newer than this portal stands for itself. */
function toneOf({ verdict, status, problem }: SimulationStep): Tone {
  if (problem || (status && status >= 400)) return 'bad';
  if (/^(skip|off|none|absent|not)/i.test(verdict)) return 'idle';
  return /unknown|bypass|open|wait|depends/i.test(verdict) ? 'warn' : 'good';
}

const icons: Record<Tone, IconName> = { good: 'check', bad: 'cross', warn: 'warn', idle: 'arrow' };

export function SimulationStory({ simulation }: { simulation: Simulation }) {
  const { t } = useTranslation();
  const { route, resource, steps, answer } = simulation;
  const problem = steps.find((step) => step.problem)?.problem;
  return (
    <section aria-label={t('simulate.answer')} aria-live="polite">
      <Rows>
        <FactList>
          <Fact name={t('simulate.route')}>{route ? <code>{route}</code> : t('simulate.noRoute')}</Fact>
          {resource ? (
            <Fact name={t('simulate.resource')}>
              <code className={classes.long}>{resource}</code>
            </Fact>
          ) : null}
          <Fact name={t('simulate.answer')}>
            <AnswerStatus answer={answer} />
          </Fact>
        </FactList>
        <ol className={classes.steps}>
          {steps.map((step, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a policy may be met at several stages; the order is what counts
            <li key={index} data-tone={toneOf(step)}>
              <Icon name={icons[toneOf(step)]} />
              <div>
                <strong>{step.policy}</strong> <Tag>{step.stage}</Tag>{' '}
                <Status tone={toneOf(step)}>{[step.status, step.verdict].filter(Boolean).join(' ')}</Status>
                <p className="small">{step.why}</p>
              </div>
            </li>
          ))}
        </ol>
        {problem ? <ProblemShown problem={problem} /> : null}
        <Headers headers={answer.headers} />
      </Rows>
    </section>
  );
}

function AnswerStatus({ answer: { status, from } }: { answer: Simulation['answer'] }) {
  const { t } = useTranslation();
  const tone: Tone = !status ? 'idle' : status < 400 ? 'good' : 'bad';
  const who = known(['gateway', 'upstream', 'store'], from ?? '');
  return (
    <>
      <Status tone={tone}>{status ? String(status) : t('simulate.upstreamDecides')}</Status>{' '}
      <span className="muted small">{who ? t(`simulate.from.${who}`) : from}</span>
    </>
  );
}

function Headers({ headers }: { headers: Simulation['answer']['headers'] }) {
  const { t } = useTranslation();
  const lines = Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}`);
  return lines.length > 0 ? <Code label={t('simulate.answerHeaders')} text={lines.join('\n')} /> : null;
}

const actions = [
  'add_precondition',
  'refetch_and_reapply',
  'retry_later',
  'obtain_lock',
  'renew_lock',
  'new_idempotency_key',
  'reconcile',
  'fix_request',
  'none',
] as const;

function ProblemShown({ problem }: { problem: ConflictProblem }) {
  const { t } = useTranslation();
  const { resolve } = problem;
  const action = known(actions, resolve?.action ?? '');
  const then = Object.entries(resolve?.then_send ?? {}).map(([name, value]) => `${name}: ${value}`);
  return (
    <Rows gap="sm">
      <Code label={t('simulate.problem')} text={JSON.stringify(problem, null, 2)} />
      {resolve ? (
        <p className={classes.resolve}>
          <strong>{t('simulate.resolve')}</strong> {action ? t(`simulate.actions.${action}`) : resolve.action}{' '}
          {resolve.fetch ? <code>{`${resolve.fetch.method} ${resolve.fetch.href}`}</code> : null}{' '}
          {then.length > 0 ? <code>{then.join(', ')}</code> : null}{' '}
          {t(resolve.safe_to_retry_unchanged ? 'simulate.safeToRetry' : 'simulate.notSafeToRetry')}
        </p>
      ) : null}
    </Rows>
  );
}
