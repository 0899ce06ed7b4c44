// A conversation with a model: its turns, the answer under way, stopping it.
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { type ChatAnswer, type ChatRequest, chat, type Message, nothingYet } from '../../api/chat';

export interface Turn {
  id: number;
  prompt: string;
  answer: ChatAnswer;
  state: 'running' | 'done' | 'stopped' | 'failed';
  failure: unknown;
}

export interface Settings {
  model: string;
  system: string;
  stream: boolean;
  temperature: number | '';
  topP: number | '';
  maxTokens: number | '';
}

/** What is sent for a prompt that follows these turns. */
export function chatRequest(settings: Settings, turns: Turn[], prompt: string): ChatRequest {
  const said = turns
    .filter((turn) => turn.answer.text)
    .flatMap((turn): Message[] => [
      { role: 'user', content: turn.prompt },
      { role: 'assistant', content: turn.answer.text },
    ]);
  const system: Message[] = settings.system.trim() ? [{ role: 'system', content: settings.system }] : [];
  return {
    model: settings.model,
    messages: [...system, ...said, { role: 'user', content: prompt }],
    stream: settings.stream,
    ...(settings.temperature === '' ? {} : { temperature: settings.temperature }),
    ...(settings.topP === '' ? {} : { top_p: settings.topP }),
    ...(settings.maxTokens === '' ? {} : { max_tokens: settings.maxTokens }),
  };
}

export function useConversation() {
  const cache = useQueryClient();
  const [turns, setTurns] = useState<Turn[]>([]);
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);

  const change = (id: number, part: Partial<Turn>) =>
    setTurns((all) => all.map((turn) => (turn.id === id ? { ...turn, ...part } : turn)));

  const send = async (settings: Settings, prompt: string) => {
    const id = turns.length;
    const request = chatRequest(settings, turns, prompt);
    const control = new AbortController();
    abort.current = control;
    setTurns((all) => [...all, { id, prompt, answer: nothingYet, state: 'running', failure: null }]);
    try {
      await chat(request, control.signal, (answer) => change(id, { answer }));
      change(id, { state: 'done' });
      void cache.invalidateQueries({ queryKey: ['overview'] });
    } catch (failure) {
      change(id, control.signal.aborted ? { state: 'stopped' } : { state: 'failed', failure });
    }
  };

  return {
    turns,
    running: turns.some((turn) => turn.state === 'running'),
    send,
    stop: () => abort.current?.abort(),
    clear: () => setTurns([]),
  };
}
