// A conversation with one model, or with several side by side: its turns, the answers under way, stopping them.
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { type ChatAnswer, type ChatRequest, chat, type Message, nothingYet, type Part } from '../../api/chat';
import type { Image } from './images';
import { readTools } from './tools';

/** What is asked. */
export type Prompt = Pick<Turn, 'prompt' | 'images'>;

/** What one model says to a prompt. */
export interface Reply {
  model: string;
  answer: ChatAnswer;
  state: 'running' | 'done' | 'stopped' | 'failed';
  failure: unknown;
}

export interface Turn {
  id: number;
  prompt: string;
  images: Image[];
  replies: Reply[];
}

export interface Settings {
  model: string;
  /** Further models that are asked the same. */
  against: string[];
  system: string;
  stream: boolean;
  temperature: number | '';
  topP: number | '';
  maxTokens: number | '';
  /** JSON as the reader wrote it. */
  tools: string;
}

/** Every model that is asked, each once. */
export const modelsOf = (settings: Settings): string[] => [...new Set([settings.model, ...settings.against])];

/** Text alone is the plainest content; images stand before what is asked about them. */
function contentOf({ prompt, images }: Prompt): Message['content'] {
  if (images.length === 0) return prompt;
  const parts = images.map(({ url }): Part => ({ type: 'image_url', image_url: { url } }));
  return [...parts, { type: 'text', text: prompt }];
}

/** What is sent to a model for a prompt that follows these turns: each model goes on from its own answers. */
export function chatRequest(settings: Settings, model: string, turns: Turn[], asked: Prompt): ChatRequest {
  const tools = readTools(settings.tools);
  const said = turns.flatMap((turn): Message[] => {
    const text = turn.replies.find((reply) => reply.model === model)?.answer.text;
    if (!text) return [];
    return [
      { role: 'user', content: contentOf(turn) },
      { role: 'assistant', content: text },
    ];
  });
  const system: Message[] = settings.system.trim() ? [{ role: 'system', content: settings.system }] : [];
  return {
    model,
    messages: [...system, ...said, { role: 'user', content: contentOf(asked) }],
    stream: settings.stream,
    ...(settings.temperature === '' ? {} : { temperature: settings.temperature }),
    ...(settings.topP === '' ? {} : { top_p: settings.topP }),
    ...(settings.maxTokens === '' ? {} : { max_tokens: settings.maxTokens }),
    ...(tools?.length ? { tools } : {}),
  };
}

/** The turns with one reply changed. */
function withReply(turns: Turn[], id: number, model: string, part: Partial<Reply>): Turn[] {
  const changed = (replies: Reply[]) => replies.map((reply) => (reply.model === model ? { ...reply, ...part } : reply));
  return turns.map((turn) => (turn.id === id ? { ...turn, replies: changed(turn.replies) } : turn));
}

export function useConversation() {
  const cache = useQueryClient();
  const [turns, setTurns] = useState<Turn[]>([]);
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);

  const send = async (settings: Settings, prompt: Prompt) => {
    const id = turns.length;
    const control = new AbortController();
    abort.current = control;
    const models = modelsOf(settings);
    const replies = models.map((model): Reply => ({ model, answer: nothingYet, state: 'running', failure: null }));
    setTurns((all) => [...all, { id, ...prompt, replies }]);
    const ask = async (model: string) => {
      const change = (part: Partial<Reply>) => setTurns((all) => withReply(all, id, model, part));
      try {
        const request = chatRequest(settings, model, turns, prompt);
        await chat(request, control.signal, (answer) => change({ answer }));
        change({ state: 'done' });
      } catch (failure) {
        change(control.signal.aborted ? { state: 'stopped' } : { state: 'failed', failure });
      }
    };
    await Promise.all(models.map(ask));
    void cache.invalidateQueries({ queryKey: ['overview'] });
  };

  return {
    turns,
    running: turns.some((turn) => turn.replies.some((reply) => reply.state === 'running')),
    send,
    stop: () => abort.current?.abort(),
    clear: () => setTurns([]),
  };
}
