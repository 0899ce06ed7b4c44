// Four steps from nothing to a call that one's own program makes. Each is done here.
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { MadeKey, Overview } from '../../api/types';
import { Icon } from '../../ui/icons';
import classes from './checklist.module.css';
import { CallStep } from './step-call';
import { KeyStep } from './step-key';
import { ModelStep } from './step-model';
import { ProviderStep } from './step-provider';

interface StepProps {
  number: number;
  title: string;
  done: boolean;
  /** The step to do now: its content is open. */
  current: boolean;
  children: ReactNode;
}

function Step({ number, title, done, current, children }: StepProps) {
  const { t } = useTranslation();
  const state = done ? t('home.stepDone') : t('home.stepOpen');
  return (
    <li className={classes.step} data-done={done || undefined} data-current={current || undefined}>
      <span className={classes.number}>
        {done ? <Icon name="check" /> : number}
        <span className="visually-hidden">{state}</span>
      </span>
      <div className={classes.content}>
        <h2>{title}</h2>
        {children}
      </div>
    </li>
  );
}

export function Checklist({ overview, onBegin }: { overview: Overview; onBegin: () => void }) {
  const { t } = useTranslation();
  const { provider, playground, key, called } = overview.checklist;
  const [made, setMade] = useState<MadeKey | null>(null);
  const current = [provider, playground, key, called].indexOf(false) + 1;
  return (
    <ol className={classes.list}>
      <Step number={1} title={t('home.provider.title')} done={provider} current={current === 1}>
        <ProviderStep done={provider} onBegin={onBegin} />
      </Step>
      <Step number={2} title={t('home.model.title')} done={playground} current={current === 2}>
        <ModelStep done={playground} ready={provider} />
      </Step>
      <Step number={3} title={t('home.key.title')} done={key} current={current === 3}>
        <KeyStep
          done={key}
          current={current === 3}
          made={made}
          onMade={(next) => {
            onBegin();
            setMade(next);
          }}
        />
      </Step>
      <Step number={4} title={t('home.call.title')} done={called} current={current === 4}>
        <CallStep done={called} ready={key} made={made} />
      </Step>
    </ol>
  );
}
