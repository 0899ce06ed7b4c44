// How a request or an attempt ended, as a word with its tone.
import { useTranslation } from 'react-i18next';
import { known, type Outcome, outcomes } from '../../api/types';
import { Status, type Tone } from '../../ui/status';

const tones: Record<Outcome, Tone> = {
  ok: 'good',
  refused: 'warn',
  upstream_error: 'bad',
  connect_failed: 'bad',
  timeout: 'bad',
  cut: 'bad',
  aborted: 'idle',
  internal: 'bad',
};

/** The word for an outcome; one that is newer than this portal stands for itself. */
export function useOutcomeWord(): (outcome: string) => string {
  const { t } = useTranslation();
  return (outcome) => {
    const name = known(outcomes, outcome);
    return name ? t(`requests.outcomes.${name}`) : outcome;
  };
}

export function OutcomeStatus({ outcome, status }: { outcome: string; status: number }) {
  const word = useOutcomeWord()(outcome);
  const name = known(outcomes, outcome);
  // Delivered in full, yet the message was an error of its own: an upstream's 404, for example.
  const ended = name ? tones[name] : 'idle';
  const tone = outcome === 'ok' && status >= 400 ? 'warn' : ended;
  return <Status tone={tone}>{status > 0 ? `${status} ${word}` : word}</Status>;
}
