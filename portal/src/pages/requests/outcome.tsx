// How a request or an attempt ended, as a word with its tone.
import { useTranslation } from 'react-i18next';
import type { Outcome } from '../../api/types';
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

export function OutcomeStatus({ outcome, status }: { outcome: Outcome; status: number }) {
  const { t } = useTranslation();
  const word = t(`requests.outcomes.${outcome}`);
  // Delivered in full, yet the message was an error of its own: an upstream's 404, for example.
  const tone = outcome === 'ok' && status >= 400 ? 'warn' : tones[outcome];
  return <Status tone={tone}>{status > 0 ? `${status} ${word}` : word}</Status>;
}
