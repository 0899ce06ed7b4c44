// Which model, and how it is asked.
import { MultiSelect, NumberInput, Select, Switch, Textarea } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { CallableModel } from '../../api/types';
import { Rows } from '../../ui/page';
import classes from './playground.module.css';
import { example, readTools } from './tools';
import type { Settings } from './use-conversation';

interface ChatSettingsProps {
  settings: Settings;
  models: CallableModel[];
  onChange: (settings: Settings) => void;
}

const numberOrNone = (value: string | number): number | '' => (typeof value === 'number' ? value : '');

export function ChatSettings({ settings, models, onChange }: ChatSettingsProps) {
  const { t } = useTranslation();
  return (
    <Rows>
      <ModelChoice settings={settings} models={models} onChange={onChange} />
      <Textarea
        label={t('playground.system')}
        description={t('playground.systemHint')}
        value={settings.system}
        onChange={(event) => onChange({ ...settings, system: event.currentTarget.value })}
        autosize
        minRows={3}
        maxRows={12}
      />
      <Switch
        label={t('playground.stream')}
        description={t('playground.streamHint')}
        checked={settings.stream}
        onChange={(event) => onChange({ ...settings, stream: event.currentTarget.checked })}
      />
      <NumberInput
        label={t('playground.temperature')}
        description={t('playground.temperatureHint')}
        placeholder={t('playground.modelDefault')}
        value={settings.temperature}
        onChange={(value) => onChange({ ...settings, temperature: numberOrNone(value) })}
        min={0}
        max={2}
        step={0.1}
      />
      <NumberInput
        label={t('playground.topP')}
        placeholder={t('playground.modelDefault')}
        value={settings.topP}
        onChange={(value) => onChange({ ...settings, topP: numberOrNone(value) })}
        min={0}
        max={1}
        step={0.05}
      />
      <NumberInput
        label={t('playground.maxTokens')}
        placeholder={t('playground.modelDefault')}
        value={settings.maxTokens}
        onChange={(value) => onChange({ ...settings, maxTokens: numberOrNone(value) })}
        min={1}
        step={100}
        allowDecimal={false}
        thousandSeparator=" "
      />
      <Textarea
        label={t('playground.tools')}
        description={t('playground.toolsHint')}
        placeholder={example}
        value={settings.tools}
        onChange={(event) => onChange({ ...settings, tools: event.currentTarget.value })}
        error={readTools(settings.tools) === null ? t('playground.toolsWrong') : undefined}
        classNames={{ input: classes.json }}
        autosize
        minRows={3}
        maxRows={14}
        spellCheck={false}
      />
    </Rows>
  );
}

/** The model that is asked, and those that are asked beside it. */
function ModelChoice({ settings, models, onChange }: ChatSettingsProps) {
  const { t } = useTranslation();
  const ids = models.map((model) => model.id);
  // The address may name a model that is not listed but can be called all the same (`provider/model`).
  const options = settings.model && !ids.includes(settings.model) ? [settings.model, ...ids] : ids;
  return (
    <>
      <Select
        label={t('playground.model')}
        placeholder={t('playground.chooseModel')}
        data={options}
        value={settings.model || null}
        onChange={(model) =>
          onChange({ ...settings, model: model ?? '', against: settings.against.filter((id) => id !== model) })
        }
        searchable
        nothingFoundMessage={t('common.nothingFound')}
        error={models.length === 0 && !settings.model ? t('playground.noModels') : undefined}
      />
      <MultiSelect
        label={t('playground.against')}
        description={t('playground.againstHint')}
        data={ids.filter((id) => id !== settings.model)}
        value={settings.against}
        onChange={(against) => onChange({ ...settings, against })}
        maxValues={3}
        searchable
        clearable
        nothingFoundMessage={t('common.nothingFound')}
      />
    </>
  );
}
