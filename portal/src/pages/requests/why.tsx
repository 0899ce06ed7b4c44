// The story of a request in sentences.
import { useTranslation } from 'react-i18next';
import type { Attempt, RequestDetail } from '../../api/types';
import { formatDuration } from '../../format/quantity';
import { useLocale } from '../../i18n/use-locale';
import { Icon, type IconName } from '../../ui/icons';
import { useOutcomeWord } from './outcome';
import { type Step, story } from './story';
import classes from './why.module.css';

const icons: Record<Step['say'], IconName> = {
  askedModel: 'arrow',
  askedPath: 'arrow',
  unknownCaller: 'warn',
  refused: 'cross',
  attemptFailed: 'cross',
  attemptOk: 'check',
  attemptLeft: 'stop',
  cut: 'stop',
  drained: 'stop',
  truncated: 'stop',
  left: 'stop',
  noAttempt: 'cross',
  delivered: 'check',
  dropped: 'warn',
  estimated: 'warn',
  mixed: 'warn',
  unpriced: 'warn',
  ended: 'cross',
};

export function Why({ request }: { request: RequestDetail }) {
  const say = useSentence();
  const steps = story(request).map((step) => ({ step, text: say(step) }));
  return (
    <ol className={classes.story}>
      {steps.map(({ step, text }) => (
        <li key={text} data-say={step.say}>
          <Icon name={icons[step.say]} />
          <span>{text}</span>
        </li>
      ))}
    </ol>
  );
}

function useSentence() {
  const { t } = useTranslation();
  const locale = useLocale();
  const outcomeWord = useOutcomeWord();
  const place = ({ provider, target, provider_key: key }: Attempt) => {
    const name = [provider, target].filter(Boolean).join('/');
    return key ? t('requests.story.withKey', { target: name, key }) : name;
  };
  const facts = (attempt: Attempt) => ({
    number: attempt.number,
    target: place(attempt),
    after: formatDuration(attempt.duration_us, locale),
    result: [attempt.status || '', outcomeWord(attempt.outcome)].join(' ').trim(),
    error: attempt.error,
  });
  return (step: Step): string => {
    switch (step.say) {
      case 'attemptFailed': {
        const happened = t('requests.story.attemptFailed', facts(step.attempt));
        const next = t(step.goesOn ? 'requests.story.goesOn' : 'requests.story.givesUp');
        const error = step.attempt.error && t('requests.story.saying', { error: step.attempt.error });
        return [happened, error, next].filter(Boolean).join(' ');
      }
      case 'attemptOk':
      case 'attemptLeft':
      case 'cut':
      case 'drained':
      case 'truncated':
        return t(`requests.story.${step.say}`, facts(step.attempt));
      case 'ended':
        return t('requests.story.ended', { outcome: outcomeWord(step.outcome), error: step.error });
      case 'askedModel':
      case 'askedPath':
        return t(`requests.story.${step.say}`, {
          ...step,
          application: step.application || t('requests.story.nobody'),
        });
      case 'refused':
        return t('requests.story.refused', { status: step.status, error: step.error });
      case 'delivered':
        return t('requests.story.delivered', { status: step.status });
      case 'dropped':
      case 'unpriced':
        return t(`requests.story.${step.say}`, { ...step });
      default:
        return t(`requests.story.${step.say}`);
    }
  };
}
